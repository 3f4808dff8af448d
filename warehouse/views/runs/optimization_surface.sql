-- marts.optimization_surface: What each backtest of an optimisation reached with its parameters.
-- Grain: one row per backtest, varied parameter and statistic; pick a statistic, then one row per parameter is left.
-- optimization_id, run_id, name  the optimisation and its backtest
-- parameter, value               a parameter that differs between its backtests
-- value_number                   the same as a number, where it is one
-- statistic, unit                a statistic of the result that is a number
-- result                         its value
-- is_target                      whether the search was for this statistic
-- is_winner                      whether the engine named this backtest the best; null: it has not said
WITH varied AS (
    SELECT r.optimization_id, p.name
    FROM records.run_parameters p
    JOIN records.runs r USING (run_id)
    WHERE r.optimization_id IS NOT NULL
    GROUP BY r.optimization_id, p.name
    HAVING count(DISTINCT p.value) > 1
)
SELECT
    r.optimization_id,
    r.run_id,
    r.name,
    p.name AS parameter,
    p.value,
    TRY_CAST(p.value AS DOUBLE) AS value_number,
    s.name AS statistic,
    s.unit,
    CAST(s.value_number AS DOUBLE) AS result,
    coalesce(contains(o.target_metric, '[''' || s.name || ''']'), false) AS is_target,
    o.winner_algorithm_id = r.algorithm_id AS is_winner
FROM records.runs r
JOIN varied v USING (optimization_id)
JOIN records.run_parameters p ON p.run_id = r.run_id AND p.name = v.name
JOIN records.run_statistics s ON s.run_id = r.run_id AND s.section = 'statistics' AND s.value_number IS NOT NULL
LEFT JOIN records.optimizations o ON o.optimization_id = r.optimization_id
