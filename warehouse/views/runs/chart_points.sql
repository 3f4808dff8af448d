-- marts.chart_points: Points of every chart, the algorithm's own plots among them.
-- Grain: one row per point.
-- run_id, name               the run
-- chart, series              what was plotted
-- series_type, unit          line, scatter, candle, bar, …; the unit it is drawn in
-- sampled_at                 UTC; null where `x` is no time
-- x, position                as in the file; counts points of one x
-- value                      y, or the close of a candle; null where the engine wrote null
-- open, high, low, close     of a candle
-- z, tooltip                 where the point has them
SELECT
    p.run_id,
    r.name,
    p.chart,
    p.series,
    s.series_type,
    s.unit,
    p.sampled_at,
    p.x,
    p.position,
    p.value,
    p.open,
    p.high,
    p.low,
    p.close,
    p.z,
    p.tooltip
FROM records.chart_points p
JOIN records.runs r USING (run_id)
LEFT JOIN records.chart_series s USING (run_id, chart, series)
