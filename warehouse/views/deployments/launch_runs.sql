-- marts.launch_runs: Which run belongs to which launch: the one in its results folder, the one that was handed its id, or the cloud's own.
-- Grain: one row per launch that has a run; of several runs in one folder the newest.
-- launch_id  the launch
-- run_id     its run
WITH found AS (
    SELECT l.launch_id, f.run_id
    FROM records.launches l
    JOIN records.run_folders f ON f.folder = l.results_folder
    UNION
    SELECT l.launch_id, p.run_id
    FROM records.launches l
    JOIN records.run_parameters p ON p.name = 'run' AND p.value = l.launch_id
    UNION
    SELECT l.launch_id, c.run_id
    FROM records.launches l
    JOIN records.runs c ON c.algorithm_id = l.cloud_run_id
)
SELECT found.launch_id, arg_max(found.run_id, r.started_at) AS run_id
FROM found
JOIN records.runs r USING (run_id)
WHERE r.mode <> 'optimization'
GROUP BY found.launch_id
