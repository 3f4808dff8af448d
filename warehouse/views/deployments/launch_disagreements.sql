-- marts.launch_disagreements: What a run says of itself that is not what was deployed.
-- Grain: one row per launch and difference.
-- launch_id, run_id  the launch and its run
-- what               parameter (one it was handed), parameter_set (one it applied), code (a file it ran), mode
-- name               the parameter, the set's hash, the file, or mode
-- deployed, claimed  both sides; null where a side has none
WITH linked AS (
    SELECT l.*, r.run_id, m.mode AS run_mode
    FROM records.launches l
    JOIN marts.launch_runs r USING (launch_id)
    JOIN records.runs m ON m.run_id = r.run_id
),
handed AS (
    SELECT l.launch_id, l.run_id, j.key AS name, j.value ->> '$' AS value
    FROM linked l, json_each(l.parameters) j
),
allowed AS (
    SELECT l.launch_id, j.value ->> '$' AS sha256 FROM records.launches l, json_each(l.published_sets) j
    UNION
    SELECT launch_id, parameter_sha256 FROM records.launch_events WHERE parameter_sha256 IS NOT NULL
)
SELECT h.launch_id, h.run_id, 'parameter' AS what, h.name, h.value AS deployed, p.value AS claimed
FROM handed h
LEFT JOIN records.run_parameters p ON p.run_id = h.run_id AND p.name = h.name
WHERE p.value IS DISTINCT FROM h.value AND h.run_id IN (SELECT run_id FROM records.run_parameters)
UNION ALL
SELECT l.launch_id, l.run_id, 'parameter_set', s.sha256, l.parameter_sha256, s.sha256
FROM linked l
JOIN marts.run_parameter_sets s USING (run_id)
WHERE NOT EXISTS (FROM allowed a WHERE a.launch_id = l.launch_id AND a.sha256 = s.sha256)
UNION ALL
SELECT l.launch_id, l.run_id, 'code', coalesce(f.path, c.path), f.sha256, c.sha256
FROM linked l
JOIN (
    records.launch_files f
    FULL JOIN (
        SELECT r.launch_id, code.path, code.sha256
        FROM marts.launch_runs r JOIN records.run_code code USING (run_id)
        WHERE code.path <> 'config.json'
    ) c ON c.launch_id = f.launch_id AND c.path = f.path
) ON l.launch_id = coalesce(f.launch_id, c.launch_id)
WHERE f.sha256 IS DISTINCT FROM c.sha256 AND l.run_id IN (SELECT run_id FROM records.run_code)
UNION ALL
SELECT launch_id, run_id, 'mode', 'mode', mode, run_mode
FROM linked
WHERE mode <> run_mode
