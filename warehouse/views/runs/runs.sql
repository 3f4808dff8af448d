-- marts.runs: Runs of LEAN: backtests, optimisation children, and every paper or live deployment (each restart is a run).
-- Grain: one row per run.
-- run_id                        hash of algorithm id and start; the key of every other view
-- name                          name of the run's folder
-- mode                          backtest, paper, live, optimization
-- state                         completed, running, stopped, killed, runtime_error
-- is_complete                   whether the files pass the completeness test
-- algorithm_id                  the engine's id of the algorithm
-- title                         the name the algorithm gave itself
-- started_at, ended_at          wall clock of the engine (UTC)
-- newest_at                     newest time inside the files; tells running from killed
-- period_start, period_end      days that were simulated, or from which a live run may trade
-- orders                        LEAN's own count, true even where an unfinished file holds only the newest hundred
-- orders_stored                 orders whose rows are here
-- events, fills                 order events stored, and those of them that changed a position
-- insights                      insights LEAN counted
-- start_equity, end_equity      in account_currency
-- account_currency              currency of the account
-- brokerage_model               the model whose fees the engine charged
-- account                       alias of the account it trades in or rehearses
-- account_relation              live or rehearsal
-- parameter_set_id              the last set it applied, as its journal tells
-- journal_key                   the journal it says it writes
-- optimization_id               the optimisation it is a child of
-- lean_version                  version of the engine
-- error                         runtime error
-- source_path, main_sha256, parser_version  where the rows come from
-- learnt_at, updated_at         when it was first read, and last changed
-- code_hash                     equal for runs of the same source files; null without `code/`
-- duration_seconds              wall clock from start to end, or to the newest time inside the files
-- return_share                  end equity over start equity less one, as a share
-- data_requests                 files of market data the engine asked for, as its monitor counts
-- failed_data_share             share of them that were not there
-- source_files                  files of its `code/` folder
-- is_in_sample                  whether a set it applied rests on days that it traded: its result proves nothing; null without a known set
SELECT
    r.run_id,
    r.name,
    r.mode,
    r.state,
    r.is_complete,
    r.algorithm_id,
    r.title,
    r.started_at,
    r.ended_at,
    r.newest_at,
    r.period_start,
    r.period_end,
    coalesce(r.orders_claimed, coalesce(o.orders, 0)) AS orders,
    coalesce(o.orders, 0) AS orders_stored,
    coalesce(e.events, 0) AS events,
    coalesce(e.fills, 0) AS fills,
    r.insights,
    CAST(r.start_equity AS DECIMAL(38, 6)) AS start_equity,
    CAST(r.end_equity AS DECIMAL(38, 6)) AS end_equity,
    r.account_currency,
    r.brokerage_model,
    a.account,
    a.relation AS account_relation,
    p.parameter_set_id,
    r.journal_key,
    r.optimization_id,
    r.lean_version,
    r.error,
    r.source_path,
    r.main_sha256,
    r.parser_version,
    r.learnt_at,
    r.updated_at,
    r.code_hash,
    epoch(coalesce(r.ended_at, r.newest_at) - r.started_at) AS duration_seconds,
    CASE WHEN r.start_equity > 0 THEN CAST(r.end_equity AS DOUBLE) / CAST(r.start_equity AS DOUBLE) - 1 END AS return_share,
    d.requests AS data_requests,
    CASE WHEN d.requests > 0 THEN d.failed / d.requests END AS failed_data_share,
    coalesce(c.files, 0) AS source_files,
    p.is_in_sample
FROM records.runs r
LEFT JOIN (SELECT run_id, count(*) AS orders FROM records.orders GROUP BY run_id) o USING (run_id)
LEFT JOIN (
    SELECT run_id, count(*) AS events, count(*) FILTER (WHERE fill_quantity <> 0) AS fills
    FROM records.order_events
    GROUP BY run_id
) e USING (run_id)
LEFT JOIN (
    SELECT run_id, min(account) AS account, min(relation) AS relation FROM records.run_accounts GROUP BY run_id
) a USING (run_id)
LEFT JOIN (
    SELECT run_id, any_value(parameter_set_id) FILTER (WHERE is_last) AS parameter_set_id, bool_or(is_in_sample) AS is_in_sample
    FROM marts.run_parameter_sets
    GROUP BY run_id
) p USING (run_id)
LEFT JOIN (
    SELECT run_id, sum(requests) AS requests, CAST(sum(failed) AS DOUBLE) AS failed
    FROM records.data_monitor_reports
    GROUP BY run_id
) d USING (run_id)
LEFT JOIN (SELECT run_id, count(*) AS files FROM records.run_code GROUP BY run_id) c USING (run_id)
