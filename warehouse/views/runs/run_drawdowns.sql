-- marts.run_drawdowns: The largest drawdown of each run, by its sampled equity curve; LEAN's own is by day.
-- Grain: one row per run with an equity curve.
-- run_id, name          the run
-- drawdown_share        the largest, as a share of the peak before it, zero or negative
-- drawdown              the same in account currency
-- peak_at, peak         the high before it: last time it was reached
-- trough_at, trough     its low
-- recovered_at          first sample after the low at or above the peak; null: not recovered within the run
-- is_recovered          whether it was
-- days_below_peak       longest time from a high to the last sample below it before the next high, in days
WITH lowest AS (
    SELECT
        run_id,
        any_value(name) AS name,
        min(drawdown_share) AS drawdown_share,
        arg_min(drawdown, (drawdown_share, sampled_at, position)) AS drawdown,
        arg_min(peak, (drawdown_share, sampled_at, position)) AS peak,
        arg_min(sampled_at, (drawdown_share, sampled_at, position)) AS trough_at,
        arg_min(close_equity, (drawdown_share, sampled_at, position)) AS trough
    FROM marts.drawdown
    WHERE drawdown_share IS NOT NULL
    GROUP BY run_id
),
turns AS (
    SELECT
        l.run_id,
        max(d.sampled_at) FILTER (WHERE d.sampled_at <= l.trough_at AND d.close_equity = l.peak) AS peak_at,
        min(d.sampled_at) FILTER (WHERE d.sampled_at > l.trough_at AND d.close_equity >= l.peak) AS recovered_at
    FROM lowest l
    JOIN marts.drawdown d USING (run_id)
    GROUP BY l.run_id
),
spells AS (
    SELECT run_id, coalesce(max(epoch(sampled_at - since) / 86400) FILTER (WHERE drawdown < 0), 0) AS days_below_peak
    FROM (
        SELECT
            run_id,
            sampled_at,
            drawdown,
            max(CASE WHEN drawdown = 0 THEN sampled_at END) OVER (
                PARTITION BY run_id ORDER BY sampled_at, position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS since
        FROM marts.drawdown
    )
    GROUP BY run_id
)
SELECT
    l.run_id,
    l.name,
    l.drawdown_share,
    l.drawdown,
    CASE WHEN l.drawdown < 0 THEN t.peak_at END AS peak_at,
    l.peak,
    CASE WHEN l.drawdown < 0 THEN l.trough_at END AS trough_at,
    l.trough,
    CASE WHEN l.drawdown < 0 THEN t.recovered_at END AS recovered_at,
    l.drawdown = 0 OR t.recovered_at IS NOT NULL AS is_recovered,
    s.days_below_peak
FROM lowest l
LEFT JOIN turns t USING (run_id)
LEFT JOIN spells s USING (run_id)
