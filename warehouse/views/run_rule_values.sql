-- marts.run_rule_values: the value of every parameter of a rule as a run traded with it.
-- Grain: one row per run with a journal and parameter.
-- run_id            the run
-- parameter_id      the parameter
-- value             its text in the last set the run applied, else the default
-- parameter_set_id  that set; null: none was applied, or the warehouse does not hold it
WITH sets AS (
    SELECT s.run_id, s.parameter_set_id, p.document
    FROM marts.run_parameter_sets s
    JOIN records.parameter_sets p USING (sha256)
    WHERE s.is_last
),
runs AS (
    SELECT DISTINCT run_id FROM records.journal_entries WHERE run_id IS NOT NULL AND dialect = 'tomking-1'
),
parameters AS (
    SELECT DISTINCT parameter_id, default_text FROM ops.rule_parameters
)
SELECT
    r.run_id,
    p.parameter_id,
    coalesce(json_extract_string(s.document, '$.values."' || p.parameter_id || '"'), p.default_text) AS value,
    s.parameter_set_id
FROM runs r
CROSS JOIN parameters p
LEFT JOIN sets s USING (run_id)
