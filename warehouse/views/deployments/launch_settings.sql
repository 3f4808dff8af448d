-- marts.launch_settings: Settings that LEAN's command line wrote beside runs.
-- Grain: one row per run and setting.
-- run_id, name    the run
-- setting, value  nested ones by their path; what may be a secret is REDACTED
SELECT
    s.run_id,
    r.name,
    s.name AS setting,
    s.value
FROM records.launch_settings s
JOIN records.runs r USING (run_id)
