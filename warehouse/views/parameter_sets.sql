-- Parameter sets and where each stands.
-- Grain: one row per parameter set (its sha256).
--   parameter_set_id     id inside the document
--   sha256               hash of the document's exact bytes
--   deployment           deployment it was made for
--   state                proposed, approved, refused, published, acknowledged, superseded, rolled_back
--   effective_from       first session it applies to
--   data_through         last session whose data it rests on
--   published_at         when it was last put into the object store (null: never)
--   acknowledged_at      when a run first said that it applied it, by the wall clock (null: none did)
--   acknowledged_by_run  that run (null: none, or its results were not ingested)
--   acknowledgements     runs and journals that applied it
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
    select sha256, max(happened_at) as published_at, max(sequence) as sequence
    from records.parameter_events
    where state = 'published'
    group by sha256
),
acknowledged as (
    select
        sha256,
        min(happened_at) as acknowledged_at,
        arg_min(run_id, happened_at) as acknowledged_by_run,
        count(*) as acknowledgements,
        max(sequence) as sequence
    from records.parameter_events
    where state = 'acknowledged'
    group by sha256
)
select
    s.parameter_set_id,
    s.sha256,
    case
        when last_step.state = 'published' and acknowledged.sequence > published.sequence then 'acknowledged'
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
