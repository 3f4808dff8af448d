-- marts.run_statistics: Statistics as LEAN printed them and as numbers; those the algorithm set itself are among them.
-- Grain: one row per run, section and statistic.
-- run_id, name   the run
-- section        statistics (set_summary_statistic adds here), runtime (set_runtime_statistic adds here), state, server,
--                trade, portfolio, configuration (what the run was started with, but for its parameters)
-- statistic      its name
-- value_text     as printed
-- value_number   the number in it; of a percentage 12.5% is 12.5; of a duration its seconds; null: no number
-- unit           %, a currency's sign or code; s of a duration
-- value_at       UTC, where it is a moment
SELECT
    s.run_id,
    r.name,
    s.section,
    s.name AS statistic,
    s.value_text,
    s.value_number,
    s.unit,
    CASE
        WHEN regexp_matches(s.value_text, '^\d{4}-\d{2}-\d{2}[T ]\d{2}:') THEN TRY_CAST(s.value_text AS TIMESTAMPTZ)
    END AS value_at
FROM records.run_statistics s
JOIN records.runs r USING (run_id)
