-- marts.breaches: Limits that parameter sets broke while a run worked with them, and what was done about it.
-- Grain: one row per set, publication of it, and rule.
-- breach_id           its key
-- deployment, parameter_set_id, sha256  the set that was in force
-- rule_id, figure, limit_value  what was found, and the limit at that time
-- in_force_since      when a run first said that it works with the set, since it was last published (UTC)
-- found_at            when the breach was found (UTC)
-- run_id, evidence    the run the newest of the evidence comes from, and that evidence in words
-- action              rolled_back; nothing_before: no earlier set could take its place; left: it is left to a person
-- actor               rule, or who asked
-- to_set              the set that took its place
-- acknowledged_at     when a run first said that it works with that one since (UTC; null: none did yet)
SELECT
    b.breach_id,
    b.deployment,
    s.parameter_set_id,
    b.sha256,
    b.rule_id,
    b.figure,
    b.limit_value,
    b.in_force_since,
    b.found_at,
    b.run_id,
    b.evidence,
    b.action,
    b.actor,
    t.parameter_set_id AS to_set,
    (
        SELECT min(a.happened_at)
        FROM records.parameter_events p
        JOIN records.parameter_events a ON a.acknowledges = p.event_id
        WHERE p.sha256 = b.to_sha256 AND p.state = 'published' AND p.happened_at >= b.found_at
    ) AS acknowledged_at
FROM records.breaches b
JOIN records.parameter_sets s USING (sha256)
LEFT JOIN records.parameter_sets t ON t.sha256 = b.to_sha256
