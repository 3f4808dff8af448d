-- marts.insights: Predictions that algorithms emitted.
-- Grain: one row per insight.
-- run_id, name                  the run
-- insight_id, group_id          the engine's ids
-- source_model                  the model that emitted it
-- ticker, symbol_id             what it is about
-- insight_type, direction       price or volatility; up, flat, down
-- generated_at, close_at        UTC, from when to when it holds
-- period_seconds                how long
-- magnitude, confidence, weight  as emitted
-- reference_value, reference_value_final  price or volatility at its begin and at its end
-- score_is_final, score_direction, score_magnitude  how it turned out
-- tag                           as set
SELECT
    i.run_id,
    r.name,
    i.insight_id,
    i.group_id,
    i.source_model,
    i.ticker,
    i.symbol_id,
    i.insight_type,
    i.direction,
    i.generated_at,
    i.close_at,
    i.period_seconds,
    i.magnitude,
    i.confidence,
    i.weight,
    CAST(i.reference_value AS DECIMAL(38, 6)) AS reference_value,
    CAST(i.reference_value_final AS DECIMAL(38, 6)) AS reference_value_final,
    i.score_is_final,
    i.score_direction,
    i.score_magnitude,
    i.tag
FROM records.insights i
JOIN records.runs r USING (run_id)
