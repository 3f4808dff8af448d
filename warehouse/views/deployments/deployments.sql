-- marts.deployments: algorithms put to work, each with one history over all of its restarts and redeployments.
-- Grain: one row per deployment.
-- deployment_id                 hash of the name it was given, else of its first run
-- deployment                    its name
-- named_by                      configuration, journal, project (its folder), run (the first run's algorithm id)
-- mode, account                 paper or live; alias of the account it trades in
-- runs                          how often the engine was started for it
-- first_started_at, last_at     UTC; last_at is the newest time known of it
-- state                         of the newest run: running, stopped, killed, runtime_error
-- orders, events, fills         over all runs, each once
-- open_positions                instruments that the newest run left open
-- gaps, mismatches              rows of deployment_gaps; positions that do not fit
WITH runs AS (
    SELECT
        deployment_id,
        count(*) AS runs,
        min(started_at) AS first_started_at,
        max(last_at) AS last_at,
        arg_max(state, position) AS state,
        arg_max(run_id, position) AS newest_run_id,
        CAST(sum(orders) AS BIGINT) AS orders,
        CAST(sum(events) AS BIGINT) AS events,
        CAST(sum(fills) AS BIGINT) AS fills
    FROM marts.deployment_runs
    GROUP BY deployment_id
),
positions AS (
    SELECT
        run_id,
        count(*) FILTER (WHERE coalesce(left_with, engine_quantity) <> 0) AS open_positions
    FROM derived.deployment_positions
    GROUP BY run_id
)
SELECT
    d.deployment_id,
    d.name AS deployment,
    d.named_by,
    d.mode,
    d.account,
    r.runs,
    r.first_started_at,
    r.last_at,
    r.state,
    r.orders,
    r.events,
    r.fills,
    coalesce(p.open_positions, 0) AS open_positions,
    (SELECT count(*) FROM derived.deployment_gaps g WHERE g.deployment_id = d.deployment_id) AS gaps,
    (
        SELECT count(*) FROM derived.deployment_positions m
        WHERE m.deployment_id = d.deployment_id AND m.mismatch IS NOT NULL
    ) AS mismatches
FROM derived.deployments d
JOIN runs r USING (deployment_id)
LEFT JOIN positions p ON p.run_id = r.newest_run_id
