-- marts.launches: Each time LEAN was started from here: with what, by whom, why, what became of it, and whether the run did what was deployed.
-- Grain: one row per launch.
-- launch_id                        its id; also the run parameter `run`
-- deployment, backend, mode        as configured when it was started
-- account                          alias of the account a live deployment trades in
-- state                            staged, starting, running, ended, failed, stopping, stopped
-- state_since, detail              when that was noted (UTC), and what there is to say about it
-- requested_by, requested_at, why  who started it, when (UTC), for which reason
-- parameter_set_id, parameter_sha256   the set in force when it was started (null: the algorithm's defaults)
-- present_set_id                   the set that the run acknowledged last when it was told, else the one it was started with
-- code_sha256                      hash of the code it ran
-- results_folder                   where its run writes
-- run_id, run_state                the run that was read from there (null: none yet)
-- engine_version                   as the engine's log says
-- applied_sha256                   the last set the run's journal says it applied
-- refresh_state, refreshed_at      of the newest refresh: refresh_sent, refresh_acknowledged, refresh_refused, refresh_timed_out, refresh_failed
-- disagreements                    number of rows of launch_disagreements
-- cloud_run_id, cloud_address      of a run in QuantConnect's cloud: its id (of a backtest) and where it is looked at
WITH steps AS (
    SELECT
        launch_id,
        arg_max(state, sequence) FILTER (WHERE state NOT LIKE 'refresh%') AS state,
        arg_max(happened_at, sequence) FILTER (WHERE state NOT LIKE 'refresh%') AS state_since,
        max_by(struct_pack(detail := detail), sequence) FILTER (WHERE state NOT LIKE 'refresh%') AS said,
        arg_max(state, sequence) FILTER (WHERE state LIKE 'refresh%') AS refresh_state,
        arg_max(happened_at, sequence) FILTER (WHERE state LIKE 'refresh%') AS refreshed_at,
        arg_max(parameter_sha256, sequence) FILTER (WHERE state = 'refresh_acknowledged') AS told_sha256
    FROM records.launch_events
    GROUP BY launch_id
),
linked AS (
    SELECT launch_id, run_id FROM marts.launch_runs
),
engines AS (
    SELECT run_id, any_value(regexp_extract(message, 'TRADING ENGINE v([0-9.]+)', 1)) AS engine_version
    FROM records.run_messages
    WHERE source = 'engine' AND message LIKE '%LEAN ALGORITHMIC TRADING ENGINE v%'
    GROUP BY run_id
),
applied AS (
    SELECT run_id, any_value(sha256) AS sha256 FROM marts.run_parameter_sets WHERE is_last GROUP BY run_id
),
wrong AS (
    SELECT launch_id, count(*) AS disagreements FROM marts.launch_disagreements GROUP BY launch_id
)
SELECT
    l.launch_id,
    l.deployment,
    l.backend,
    l.mode,
    l.account,
    s.state,
    s.state_since,
    s.said.detail AS detail,
    l.requested_by,
    l.requested_at,
    l.why,
    l.parameter_set_id,
    l.parameter_sha256,
    l.code_sha256,
    l.results_folder,
    linked.run_id,
    r.state AS run_state,
    e.engine_version,
    a.sha256 AS applied_sha256,
    s.refresh_state,
    s.refreshed_at,
    coalesce(w.disagreements, 0) AS disagreements,
    l.cloud_run_id,
    l.cloud_address,
    coalesce(told.parameter_set_id, l.parameter_set_id) AS present_set_id
FROM records.launches l
LEFT JOIN steps s USING (launch_id)
LEFT JOIN records.parameter_sets told ON told.sha256 = s.told_sha256
LEFT JOIN linked USING (launch_id)
LEFT JOIN records.runs r ON r.run_id = linked.run_id
LEFT JOIN engines e ON e.run_id = linked.run_id
LEFT JOIN applied a ON a.run_id = linked.run_id
LEFT JOIN wrong w ON w.launch_id = l.launch_id
