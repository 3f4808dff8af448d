-- marts.compare_statistics(run_a, run_b): Statistics of two runs side by side.
-- Grain: one row per section and statistic of either run.
-- section, statistic    as in marts.run_statistics
-- value_a, value_b      as printed; null: the run has none
-- number_a, number_b    the numbers in them
-- difference            number_b less number_a; null where one is no number or their units differ
-- unit                  of the numbers, where both have the same
-- differs               whether they are not the same text
CREATE OR REPLACE MACRO marts.compare_statistics(run_a, run_b) AS TABLE
SELECT
    section,
    statistic,
    a.value_text AS value_a,
    b.value_text AS value_b,
    a.value_number AS number_a,
    b.value_number AS number_b,
    CASE WHEN a.unit IS NOT DISTINCT FROM b.unit THEN b.value_number - a.value_number END AS difference,
    CASE WHEN a.unit = b.unit THEN a.unit END AS unit,
    a.value_text IS DISTINCT FROM b.value_text AS differs
FROM (SELECT section, name AS statistic, value_text, value_number, unit FROM records.run_statistics WHERE run_id = run_a) a
FULL JOIN (
    SELECT section, name AS statistic, value_text, value_number, unit FROM records.run_statistics WHERE run_id = run_b
) b USING (section, statistic)
ORDER BY section, statistic
