-- marts.rule_score: how many rules are kept, of 100.
-- Grain: one row; none before the rules were first proved.
-- score            kept rules as a share of all, times 100
-- rules, kept      counts
-- proved, called   rules that stopped their breach, and that the algorithm reaches
-- violations       breaches in what was traded
-- uncalled_modules modules of the algorithm that nothing reaches from its entry point
-- proved_at        the newest proof, UTC
SELECT
    CAST(100.0 * count(*) FILTER (is_kept) / count(*) AS DECIMAL(6, 2)) AS score,
    count(*) AS rules,
    count(*) FILTER (is_kept) AS kept,
    count(*) FILTER (is_proved) AS proved,
    count(*) FILTER (is_called) AS called,
    CAST(coalesce(sum(violations), 0) AS BIGINT) AS violations,
    (SELECT count(*) FROM ops.uncalled_modules) AS uncalled_modules,
    max(proved_at) AS proved_at
FROM marts.rule_conformance
HAVING count(*) > 0
