-- marts.drawdown: How far the equity curve stands below its highest point so far.
-- Grain: one row per sample of the equity curve.
-- run_id, name       the run
-- sampled_at         UTC
-- position           counts samples of one time
-- close_equity       in account currency, rounded for display by the engine
-- peak               highest close so far
-- drawdown           close less peak, zero or negative
-- drawdown_share     the same as a share of the peak; null where the peak is not positive
WITH peaks AS (
    SELECT
        run_id,
        sampled_at,
        position,
        close_equity,
        max(close_equity) OVER (PARTITION BY run_id ORDER BY sampled_at, position) AS peak
    FROM records.equity
    WHERE close_equity IS NOT NULL
)
SELECT
    p.run_id,
    r.name,
    p.sampled_at,
    p.position,
    CAST(p.close_equity AS DECIMAL(38, 6)) AS close_equity,
    CAST(p.peak AS DECIMAL(38, 6)) AS peak,
    CAST(p.close_equity - p.peak AS DECIMAL(38, 6)) AS drawdown,
    CASE WHEN p.peak > 0 THEN CAST(p.close_equity - p.peak AS DOUBLE) / CAST(p.peak AS DOUBLE) END AS drawdown_share
FROM peaks p
JOIN records.runs r USING (run_id)
