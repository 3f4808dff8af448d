-- marts.run_rule_values: the value of every parameter of a rule as a run traded with it.
-- Grain: one row per run with a journal and parameter.
-- run_id            the run
-- parameter_id      the parameter
-- value             its text in the last set the run applied, else the default; null: that set's document is not here
-- parameter_set_id  that set; null: none was applied
WITH documents AS (
    SELECT sha256, document FROM records.parameter_sets
    UNION
    SELECT sha256, any_value(document) FROM records.store_documents GROUP BY sha256
),
applied AS (
    SELECT s.run_id, s.parameter_set_id, any_value(d.document) AS document
    FROM marts.run_parameter_sets s
    LEFT JOIN documents d USING (sha256)
    WHERE s.is_last
    GROUP BY ALL
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
    CASE
        WHEN a.run_id IS NOT NULL AND a.document IS NULL THEN NULL
        ELSE coalesce(json_extract_string(a.document, '$.values."' || p.parameter_id || '"'), p.default_text)
    END AS value,
    a.parameter_set_id
FROM runs r
CROSS JOIN parameters p
LEFT JOIN applied a USING (run_id)
