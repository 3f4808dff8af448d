-- marts.deployment_gaps: where a deployment's history has holes.
-- Grain: one row per hole.
-- deployment_id, deployment     the deployment and its name
-- position                      its place among the deployment's holes, from 1
-- kind                          not_running, overlap, orders_missing, events_missing, day_files_missing
-- from_time, until_time         UTC
-- seconds                       how long
-- reason                        killed, stopped or ended by an error before the next start, or what is absent
-- run_id, next_run_id           the run after which (or in which) it is, and the one that ended it
SELECT
    d.deployment_id,
    d.name AS deployment,
    g.position,
    g.kind,
    g.from_time,
    g.until_time,
    date_diff('second', g.from_time, g.until_time) AS seconds,
    g.reason,
    g.run_id,
    g.next_run_id
FROM derived.deployment_gaps g
JOIN derived.deployments d USING (deployment_id)
