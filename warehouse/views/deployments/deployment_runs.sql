-- marts.deployment_runs: the starts of each deployment: every restart and redeployment of LEAN is a run of its own.
-- Grain: one row per paper or live run.
-- deployment_id, deployment     the deployment and its name
-- position                      1 for the first start
-- run_id, name, algorithm_id    the run
-- state                         running, stopped, killed, runtime_error
-- started_at, last_at           UTC; last_at is its end, or the newest time in its files
-- link_reason                   why it continues the run before it
-- orders, events, fills         stored
-- start_equity, end_equity      in account_currency
-- account_currency              currency of the account
-- error                         what ended it, where it was an error
-- source_path                   where it was read from
SELECT
    d.deployment_id,
    d.name AS deployment,
    l.position,
    r.run_id,
    r.name,
    r.algorithm_id,
    r.state,
    r.started_at,
    coalesce(r.ended_at, r.newest_at) AS last_at,
    l.link_reason,
    r.orders_stored AS orders,
    r.events,
    r.fills,
    r.start_equity,
    r.end_equity,
    r.account_currency,
    r.error,
    r.source_path
FROM derived.deployment_runs l
JOIN derived.deployments d USING (deployment_id)
JOIN marts.runs r USING (run_id)
