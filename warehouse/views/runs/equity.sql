-- marts.equity: The equity curve as the engine samples it, mostly every five minutes, in account currency.
-- Grain: one row per sample.
-- run_id, name                  the run
-- sampled_at                    UTC
-- position                      counts samples of one time
-- open_equity, high_equity, low_equity, close_equity
--                       rounded for display by the engine; the last close is End Equity to the cent
SELECT
    q.run_id,
    r.name,
    q.sampled_at,
    q.position,
    CAST(q.open_equity AS DECIMAL(38, 6)) AS open_equity,
    CAST(q.high_equity AS DECIMAL(38, 6)) AS high_equity,
    CAST(q.low_equity AS DECIMAL(38, 6)) AS low_equity,
    CAST(q.close_equity AS DECIMAL(38, 6)) AS close_equity
FROM records.equity q
JOIN records.runs r USING (run_id)
