-- marts.rolling_statistics: LEAN's performance figures over the last 1, 3, 6 and 12 months, at each month's end.
-- Grain: one row per run, window, section and statistic.
-- run_id, name   the run
-- months         length of the window
-- ends_on        its last day
-- section        trade or portfolio
-- statistic      its name
-- value_text     as printed
-- value_number   the number in it; of a duration its seconds; null: no number
-- unit           s of a duration
SELECT
    s.run_id,
    r.name,
    s.months,
    s.ends_on,
    s.section,
    s.name AS statistic,
    s.value_text,
    s.value_number,
    s.unit
FROM records.rolling_statistics s
JOIN records.runs r USING (run_id)
