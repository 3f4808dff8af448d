-- marts.parameter_history: The life of every parameter set, step by step.
-- Grain: one row per step, in the order in which they were noted.
-- sequence            that order
-- deployment, parameter_set_id, sha256  the set
-- state               proposed, approved, refused, published, acknowledged, superseded, rolled_back
-- happened_at         UTC
-- actor               who took the step: a person, gate, rule, schedule, or the journal that spoke
-- in_force_from       published: first day it is in force by this step; rolled back: the day from which it no longer is
-- run_id              acknowledged: the run that applied it
-- note                the reason, with its figures
SELECT
    e.sequence,
    s.deployment,
    s.parameter_set_id,
    e.sha256,
    e.state,
    e.happened_at,
    e.actor,
    e.in_force_from,
    e.run_id,
    e.note
FROM records.parameter_events e
JOIN records.parameter_sets s USING (sha256)
