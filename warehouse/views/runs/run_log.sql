-- marts.run_log: Messages of both logs of a run, the algorithm's and the engine's; search `message`.
-- Grain: one row per message.
-- run_id, name   the run
-- source         algorithm or engine
-- line           1-based line of the file on which the message begins
-- logged_at      UTC; null where the stamp is in the algorithm's time zone, as in its own log
-- stamp_text     the stamp as printed
-- level          TRACE, DEBUG, ERROR, REPORT of the engine; LOG, DEBUG, ERROR, INITIALIZATION of the algorithm
-- message        text, later lines of the same message included
SELECT
    m.run_id,
    r.name,
    m.source,
    m.line,
    m.stamped_at AS logged_at,
    m.stamp_text,
    m.level,
    m.message
FROM records.run_messages m
JOIN records.runs r USING (run_id)
