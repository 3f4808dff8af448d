-- marts.deployment_positions: what each run of a deployment began with, traded and left, carried from run to run.
-- Grain: one row per run and instrument.
-- deployment_id, deployment     the deployment and its name
-- run_position, run_id, state   the start, and how it ended
-- started_at, last_at           UTC
-- instrument                    key of the instrument; the engine's symbol where none is known
-- run_before_left               what the run before left; null for the first run
-- began_with                    what this run began with; null where not known
-- began_by                      who says so: engine log, end holdings (worked back), run before (taken over), unknown
-- filled                        sum of its fills, expiries and deliveries
-- left_with                     began_with + filled
-- engine_quantity               the run's own newest status file: the check
-- mismatch                      what does not fit, in words; null where everything does
SELECT
    d.deployment_id,
    d.name AS deployment,
    l.position AS run_position,
    p.run_id,
    r.state,
    r.started_at,
    coalesce(r.ended_at, r.newest_at) AS last_at,
    p.instrument,
    CAST(p.run_before_left AS DECIMAL(38, 6)) AS run_before_left,
    CAST(p.began_with AS DECIMAL(38, 6)) AS began_with,
    p.began_by,
    CAST(p.filled AS DECIMAL(38, 6)) AS filled,
    CAST(p.left_with AS DECIMAL(38, 6)) AS left_with,
    CAST(p.engine_quantity AS DECIMAL(38, 6)) AS engine_quantity,
    p.mismatch
FROM derived.deployment_positions p
JOIN derived.deployment_runs l USING (run_id)
JOIN derived.deployments d ON d.deployment_id = l.deployment_id
JOIN records.runs r USING (run_id)
