-- marts.rule_conformance: every rule with the evidence that it holds.
-- Grain: one row per rule.
-- rule_id         the rule
-- about, source   what it says, and where that comes from
-- lesson          its number among the seven of August 2024; null for others
-- parameters      ids of the parameters it reads; empty where the rule has no number
-- enforced_by, is_called  module and name of what enforces it, and whether the algorithm reaches it
-- test            the test with the breach made up for it
-- proved_at       when it was last fed that breach, UTC
-- is_proved       whether the breach was stopped then
-- acted           the rule that stopped it
-- is_traded       whether what was traded shows a breach
-- violations      breaches in what was traded; null where that does not show
-- last_violated_at  UTC
-- is_kept         proved, called, and without a breach
WITH newest AS (
    SELECT * FROM ops.guard_proofs
    QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY proved_at DESC) = 1
),
found AS (
    SELECT rule_id, count(*) AS violations, max(happened_at) AS last_violated_at
    FROM marts.rule_violations
    GROUP BY rule_id
),
read AS (
    SELECT rule_id, list(parameter_id ORDER BY parameter_id) AS parameters FROM ops.rule_parameters GROUP BY rule_id
)
SELECT
    r.rule_id,
    r.about,
    r.source,
    r.lesson,
    coalesce(p.parameters, []) AS parameters,
    r.enforced_by,
    r.is_called,
    r.test,
    n.proved_at,
    coalesce(n.has_acted, false) AS is_proved,
    n.acted,
    r.is_traded,
    CASE WHEN r.is_traded THEN coalesce(f.violations, 0) END AS violations,
    f.last_violated_at,
    r.is_called AND coalesce(n.has_acted, false) AND coalesce(f.violations, 0) = 0 AS is_kept
FROM ops.rules r
LEFT JOIN newest n USING (rule_id)
LEFT JOIN found f USING (rule_id)
LEFT JOIN read p USING (rule_id)
ORDER BY r.position
