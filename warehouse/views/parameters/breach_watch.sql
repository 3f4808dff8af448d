-- marts.breach_watch: What speaks against each parameter set that paper and live runs work with, beside its limit.
-- Grain: one row per acknowledged set and rule of ops.breach_limits.
-- deployment, parameter_set_id, sha256  the set
-- publication         the event that put it into the store; only what came after it counts
-- rule_id, about      what is watched
-- figure              what was found since a run said that it works with the set; null where nothing is known
-- limit_value         a figure above it is a breach
-- is_watched          whether the configuration asks for it
-- is_broken           watched, and the figure is above its limit
-- in_force_since      first time a paper or live run said that it works with the set, since it was last published (UTC)
-- run_id              the run that the newest of the evidence comes from; null where there is none
-- evidence            that evidence in words
WITH published AS (
    SELECT sha256, arg_max(event_id, sequence) AS publication, max(happened_at) AS published_at
    FROM records.parameter_events
    WHERE state = 'published'
    GROUP BY sha256
),
used AS (
    SELECT s.sha256, a.run_id, min(a.happened_at) AS since, any_value(p.published_at) AS published_at
    FROM marts.parameter_sets s
    JOIN published p USING (sha256)
    JOIN records.parameter_events a ON a.acknowledges = p.publication
    JOIN records.runs r ON r.run_id = a.run_id AND r.mode IN ('paper', 'live')
    WHERE s.state = 'acknowledged'
    GROUP BY s.sha256, a.run_id
),
watched AS (
    SELECT s.deployment, s.parameter_set_id, s.sha256, p.publication, min(u.since) AS in_force_since
    FROM used u
    JOIN marts.parameter_sets s USING (sha256)
    JOIN published p USING (sha256)
    GROUP BY ALL
),
steps AS (
    -- From sample to sample within a run: what lies between two runs (a deposit, other cash) is no fall.
    SELECT
        u.sha256,
        u.run_id,
        q.sampled_at,
        q.position,
        q.close_equity,
        lag(q.close_equity) OVER (PARTITION BY u.sha256, u.run_id ORDER BY q.sampled_at, q.position) AS before
    FROM used u
    JOIN records.equity q USING (run_id)
    WHERE q.close_equity IS NOT NULL AND q.sampled_at >= coalesce(
        (
            SELECT max(b.sampled_at) FROM records.equity b
            WHERE b.run_id = u.run_id AND b.sampled_at <= u.since AND b.close_equity IS NOT NULL
        ),
        u.since
    )
),
growth AS (
    SELECT
        *,
        exp(sum(
            CASE
                WHEN before IS NULL OR before <= 0 THEN 0
                -- An account that is used up has lost all there was, as far as any limit asks.
                WHEN close_equity <= 0 THEN -100
                ELSE ln(CAST(close_equity AS DOUBLE) / CAST(before AS DOUBLE))
            END
        ) OVER (PARTITION BY sha256 ORDER BY sampled_at, run_id, position)) AS worth
    FROM steps
),
falls AS (
    SELECT
        sha256,
        run_id,
        sampled_at,
        1 - worth / max(worth) OVER (PARTITION BY sha256 ORDER BY sampled_at, run_id, position) AS fall
    FROM growth
),
violations AS (
    SELECT u.sha256, u.run_id, v.happened_at, v.rule_id || ': ' || v.detail AS detail
    FROM used u
    JOIN marts.rule_violations v ON v.run_id = u.run_id AND v.happened_at >= u.since
),
silent AS (
    SELECT w.sha256, g.proved_at, g.rule_id
    FROM watched w
    JOIN (
        FROM ops.guard_proofs QUALIFY row_number() OVER (PARTITION BY rule_id ORDER BY proved_at DESC) = 1
    ) g ON g.parameter_set_id = w.parameter_set_id AND g.proved_at >= (
        SELECT p.published_at FROM published p WHERE p.sha256 = w.sha256
    )
    WHERE NOT g.has_acted
),
strayed AS (
    SELECT u.sha256, u.run_id, s.applied_at, d.claimed
    FROM used u
    JOIN marts.launch_disagreements d ON d.run_id = u.run_id AND d.what = 'parameter_set'
    JOIN marts.run_parameter_sets s ON s.run_id = u.run_id AND s.sha256 = d.claimed AND s.applied_at >= u.since
),
failed_runs AS (
    SELECT u.sha256, u.run_id, coalesce(r.ended_at, r.newest_at, u.since) AS ended_at, r.error
    FROM used u
    JOIN records.runs r ON r.run_id = u.run_id AND r.state = 'runtime_error'
    JOIN marts.run_parameter_sets s ON s.run_id = u.run_id AND s.is_last AND s.sha256 = u.sha256
),
failed_checks AS (
    SELECT DISTINCT u.sha256, u.run_id, c.failing_since, c.check_name
    FROM ops.checks c,
        unnest(CAST(c.detail -> '$.sample' AS JSON[])) AS found(fields),
        used u
    WHERE NOT c.passed AND c.severity = 'error' AND c.failing_since >= u.since
        AND CAST(found.fields AS VARCHAR[])[list_position(CAST(c.detail -> '$.columns' AS VARCHAR[]), 'run_id')] = u.run_id
),
figures AS (
    SELECT
        sha256, 'drawdown' AS rule_id, max(fall) AS figure, arg_max(run_id, fall) AS run_id,
        printf('down %.2f%% at %s', 100 * max(fall), strftime(arg_max(sampled_at, fall), '%Y-%m-%d %H:%M')) AS evidence
    FROM falls
    GROUP BY sha256
    UNION ALL
    SELECT sha256, 'rule_violations', count(*), arg_max(run_id, happened_at), arg_max(detail, happened_at)
    FROM violations
    GROUP BY sha256
    UNION ALL
    SELECT sha256, 'silent_guards', count(*), NULL, string_agg(rule_id, ', ' ORDER BY rule_id)
    FROM silent
    GROUP BY sha256
    UNION ALL
    SELECT
        sha256, 'strayed_sets', count(*), arg_max(run_id, applied_at),
        'applied ' || arg_max(left(claimed, 12), applied_at) || ', which was not deployed'
    FROM strayed
    GROUP BY sha256
    UNION ALL
    SELECT sha256, 'run_errors', count(*), arg_max(run_id, ended_at), arg_max(left(error, 200), ended_at)
    FROM failed_runs
    GROUP BY sha256
    UNION ALL
    SELECT sha256, 'failed_checks', count(*), arg_max(run_id, failing_since), string_agg(check_name, ', ' ORDER BY check_name)
    FROM failed_checks
    GROUP BY sha256
)
SELECT
    w.deployment,
    w.parameter_set_id,
    w.sha256,
    w.publication,
    l.rule_id,
    l.about,
    CASE WHEN l.rule_id = 'drawdown' THEN f.figure ELSE coalesce(f.figure, 0) END AS figure,
    l.limit_value,
    l.is_watched,
    coalesce(l.is_watched AND f.figure > l.limit_value, false) AS is_broken,
    w.in_force_since,
    f.run_id,
    f.evidence
FROM watched w
CROSS JOIN ops.breach_limits l
LEFT JOIN figures f ON f.sha256 = w.sha256 AND f.rule_id = l.rule_id
