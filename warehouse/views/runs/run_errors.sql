-- marts.run_errors: What went wrong in runs.
-- Grain: one row per error.
-- run_id       the run
-- source       run: the failure that ended it; engine, algorithm: a line of that log
-- line         line of the log, 0 for the failure
-- stamp_text   as printed
-- message      the error
-- stack_trace  of the failure
SELECT run_id, 'run' AS source, 0 AS line, NULL AS stamp_text, error AS message, stack_trace
FROM records.runs
WHERE error IS NOT NULL
UNION ALL
SELECT run_id, source, line, stamp_text, message, NULL AS stack_trace
FROM records.run_messages
WHERE level = 'ERROR'
