-- marts.deployment_parameter_sets: which parameter sets a deployment applied, refused or missed, by time.
-- Grain: one row per unbroken stretch of the same outcome for the same document within a run.
-- deployment_id, deployment     the deployment and its name
-- run_position, run_id          the start it happened in
-- outcome                       applied, refused, missing
-- parameter_set_id, sha256      the set, as far as the journal names it (a half-written document has no id)
-- came_by                       how the algorithm came to read it: start, schedule, command, …
-- reason                        why it was refused
-- first_at, last_at, times      by the algorithm's clock; a refused set is offered again until it is replaced
-- known                         whether the warehouse holds this document
WITH entries AS (
    SELECT DISTINCT
        run_id,
        occurred_at,
        replace(kind, 'parameters_', '') AS outcome,
        coalesce(payload ->> '$.set_id', payload ->> '$.id') AS parameter_set_id,
        payload ->> '$.sha256' AS sha256,
        payload ->> '$.why' AS came_by,
        payload ->> '$.reason' AS reason,
        payload
    FROM records.journal_entries
    WHERE kind IN ('parameters_applied', 'parameters_refused', 'parameters_missing') AND run_id IS NOT NULL
),
marked AS (
    SELECT
        *,
        (outcome, coalesce(sha256, '')) IS DISTINCT FROM lag((outcome, coalesce(sha256, ''))) OVER (
            PARTITION BY run_id ORDER BY occurred_at, payload
        ) AS is_new
    FROM entries
),
stretches AS (
    SELECT
        *,
        sum(CAST(is_new AS INTEGER)) OVER (
            PARTITION BY run_id ORDER BY occurred_at, payload ROWS UNBOUNDED PRECEDING
        ) AS stretch
    FROM marked
)
SELECT
    d.deployment_id,
    any_value(d.name) AS deployment,
    any_value(l.position) AS run_position,
    s.run_id,
    s.outcome,
    min(s.parameter_set_id) AS parameter_set_id,
    s.sha256,
    arg_min(s.came_by, s.occurred_at) AS came_by,
    arg_min(s.reason, s.occurred_at) AS reason,
    min(s.occurred_at) AS first_at,
    max(s.occurred_at) AS last_at,
    count(*) AS times,
    s.sha256 IN (SELECT stored.sha256 FROM records.parameter_sets stored) AS known
FROM stretches s
JOIN derived.deployment_runs l USING (run_id)
JOIN derived.deployments d USING (deployment_id)
GROUP BY d.deployment_id, s.run_id, s.stretch, s.outcome, s.sha256
