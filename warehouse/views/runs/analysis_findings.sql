-- marts.analysis_findings: What the engine's own analysis of a run found.
-- Grain: one row per finding.
-- run_id, name   the run
-- position       its place in the list
-- finding, parent  its name, and of a finding below another the other's
-- issue          what is wrong
-- occurrences    how often
-- sample_json    an example
-- solutions      what the engine suggests
SELECT
    a.run_id,
    r.name,
    a.position,
    a.name AS finding,
    a.parent,
    a.issue,
    a.occurrences,
    a.sample_json,
    TRY_CAST(CAST(a.solutions_json AS JSON) AS VARCHAR[]) AS solutions
FROM records.analysis_findings a
JOIN records.runs r USING (run_id)
