-- Parameter sets and where each stands.
-- Grain: one row per parameter set (its sha256).
--   parameter_set_id     id inside the document
--   sha256               hash of the document's exact bytes
--   deployment           deployment it was made for
--   state                proposed, approved, refused, published, acknowledged, superseded, rolled_back
--   effective_from       first session it applies to
--   data_through         last session whose data it rests on
--   published_at         when it was last put into the object store (null: never)
--   acknowledged_at      when a run first said that it works with what was last published, by the wall clock (null: none did)
--   acknowledged_by_run  that run (null: none, or its results were not ingested)
--   acknowledgements     runs and journals that applied it, once for each publication they answered
--   decided_by           who took the last step
--   reason               what was noted with the last step
--   created_at           when it was calibrated
create or replace view marts.parameter_sets as
with last_step as (
    select sha256, max_by(state, sequence) as state, max_by(actor, sequence) as actor, max_by(note, sequence) as note
    from records.parameter_events
    where state <> 'acknowledged'
    group by sha256
),
published as (
    select
        sha256,
        max(happened_at) as published_at,
        max(sequence) as sequence,
        arg_max(event_id, sequence) as event_id
    from records.parameter_events
    where state = 'published'
    group by sha256
),
acknowledged as (
    select
        e.sha256,
        min(e.happened_at) filter (where e.acknowledges is not distinct from p.event_id) as acknowledged_at,
        arg_min(e.run_id, e.happened_at) filter (where e.acknowledges is not distinct from p.event_id)
            as acknowledged_by_run,
        count(*) as acknowledgements
    from (
        select
            e.sha256,
            e.happened_at,
            e.run_id,
            -- Noted before publications were told apart: it answers whatever came before it.
            coalesce(e.acknowledges, case when e.sequence > p.sequence then p.event_id end) as acknowledges
        from records.parameter_events as e
        left join published as p using (sha256)
        where e.state = 'acknowledged'
    ) as e
    left join published as p using (sha256)
    group by e.sha256
)
select
    s.parameter_set_id,
    s.sha256,
    case
        when last_step.state = 'published' and acknowledged.acknowledged_at is not null then 'acknowledged'
        else coalesce(last_step.state, 'proposed')
    end as state,
    s.effective_from,
    s.data_through,
    published.published_at,
    acknowledged.acknowledged_at,
    acknowledged.acknowledged_by_run,
    s.deployment,
    coalesce(acknowledged.acknowledgements, 0) as acknowledgements,
    last_step.actor as decided_by,
    last_step.note as reason,
    s.code_version,
    s.created_at
from records.parameter_sets as s
left join last_step using (sha256)
left join published using (sha256)
left join acknowledged using (sha256)
