-- marts.optimizations: Searches over a strategy's parameters.
-- Grain: one row per optimisation.
-- optimization_id, name      the engine's id, and the folder's name
-- status                     completed, failed, running
-- strategy                   grid search, Euler search
-- target_metric, target_extremum  what is sought, its highest or lowest
-- backtests                  how many the search wants, where the log says
-- runs                       backtests of it that are here
-- started_at, ended_at       UTC
-- winner_run_id              the best backtest; null: unknown, or its files are not here
-- winner_value, winner_value_text  the target it reached
-- winner_parameters_json     its parameters
-- folder                     where the files were
SELECT
    o.optimization_id,
    o.name,
    o.status,
    o.strategy,
    o.target_metric,
    o.target_extremum,
    o.backtests,
    coalesce(c.runs, 0) AS runs,
    o.started_at,
    o.ended_at,
    w.run_id AS winner_run_id,
    o.winner_value,
    o.winner_value_text,
    o.winner_parameters_json,
    o.folder
FROM records.optimizations o
LEFT JOIN (
    SELECT optimization_id, count(*) AS runs FROM records.runs WHERE optimization_id IS NOT NULL GROUP BY optimization_id
) c USING (optimization_id)
LEFT JOIN records.runs w ON w.optimization_id = o.optimization_id AND w.algorithm_id = o.winner_algorithm_id
