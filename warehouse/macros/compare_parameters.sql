-- marts.compare_parameters(run_a, run_b): Parameters of two runs side by side.
-- Grain: one row per parameter of either run.
-- parameter         its name
-- value_a, value_b  its values; null: the run was not given it
-- differs           whether they are not the same text
CREATE OR REPLACE MACRO marts.compare_parameters(run_a, run_b) AS TABLE
SELECT
    name AS parameter,
    a.value AS value_a,
    b.value AS value_b,
    a.value IS DISTINCT FROM b.value AS differs
FROM (SELECT name, value FROM records.run_parameters WHERE run_id = run_a) a
FULL JOIN (SELECT name, value FROM records.run_parameters WHERE run_id = run_b) b USING (name)
ORDER BY parameter
