-- marts.calibration_parts: every part of every candidate set: what was proposed, on which evidence, what the gate said.
-- Grain: one row per parameter set (its sha256) and part.
-- parameter_set_id, sha256, deployment, data_through, effective_from, code_version  the candidate set
-- part          regime, fees.orf, caches.greeks, caches.chains, limits.ceilings, limits.crisis_weight_…
-- is_taken      whether the gate let it into the set
-- proposed      the values, JSON
-- metric        what it was scored by; higher is better (null: not by a score)
-- against       what it had to beat
-- scored_from, scored_sessions, in_sample  the days of the score
-- alternatives  what else was tried, with its figure, JSON (null: nothing else)
-- failed        the conditions that do not hold, with their figures (null: all hold)
-- evidence      all of it, JSON
-- created_at    UTC
WITH parts AS (
    SELECT s.parameter_set_id, s.sha256, s.deployment, s.data_through, s.effective_from, s.code_version, s.created_at,
        p.key AS part, p.value AS evidence
    FROM records.parameter_sets s, json_each(s.evidence, '$.parts') AS p
),
failures AS (
    SELECT sha256, part, string_agg(concat(c.value ->> '$.name', ' (', c.value ->> '$.detail', ')'), '; ') AS failed
    FROM parts, json_each(parts.evidence, '$.checks') AS c
    WHERE (c.value ->> '$.passed') = 'false'
    GROUP BY ALL
)
SELECT
    p.parameter_set_id,
    p.sha256,
    p.deployment,
    p.part,
    CAST(p.evidence ->> '$.taken' AS BOOLEAN) AS is_taken,
    p.evidence -> '$.proposed' AS proposed,
    p.evidence ->> '$.metric' AS metric,
    p.evidence ->> '$.against' AS against,
    CAST(p.evidence ->> '$.scored_from' AS DATE) AS scored_from,
    CAST(p.evidence ->> '$.scored_sessions' AS BIGINT) AS scored_sessions,
    CAST(p.evidence ->> '$.in_sample' AS BOOLEAN) AS in_sample,
    p.evidence -> '$.alternatives' AS alternatives,
    f.failed,
    p.evidence,
    p.data_through,
    p.effective_from,
    p.code_version,
    p.created_at
FROM parts p
LEFT JOIN failures f USING (sha256, part)
