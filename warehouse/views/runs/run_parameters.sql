-- marts.run_parameters: Parameters that runs were started with.
-- Grain: one row per run and parameter.
-- run_id, name   the run
-- parameter      its name
-- value          as handed to LEAN, which keeps every value as text
-- value_number   the same as a number, where it is one
SELECT
    p.run_id,
    r.name,
    p.name AS parameter,
    p.value,
    TRY_CAST(p.value AS DECIMAL(38, 12)) AS value_number
FROM records.run_parameters p
JOIN records.runs r USING (run_id)
