-- marts.data_requests: Files of market data that a run asked for.
-- Grain: one row per request.
-- run_id, name   the run
-- path           relative to the data folder
-- succeeded      whether it was there
-- file_name, position  list and line that say so
SELECT
    d.run_id,
    r.name,
    d.path,
    d.succeeded,
    d.file_name,
    d.position
FROM records.data_requests d
JOIN records.runs r USING (run_id)
