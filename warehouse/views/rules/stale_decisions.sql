-- marts.stale_decisions: decisions to open on inputs older than their limit. It should be empty.
-- Grain: one row per decision and input that was too old.
-- run_id, trade_id, strategy, action, decided_at  the decision
-- input, kind, age_seconds, limit_seconds         what was too old, by how much
SELECT run_id, trade_id, strategy, action, decided_at, input, kind, age_seconds, limit_seconds
FROM marts.decision_inputs
WHERE is_older
