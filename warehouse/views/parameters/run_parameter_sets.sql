-- Parameter sets that runs applied, as their journals tell.
-- Grain: one row per run and applied set (a set applied again after another one counts once, at its last time).
--   run_id            the run
--   parameter_set_id  the id the journal names
--   sha256            the hash of the applied document
--   first_applied_at  first time it was applied, by the algorithm's clock
--   applied_at        last time it was applied, by the algorithm's clock
--   is_last           true for the set the run ended with
--   known             whether the warehouse holds this document
--   data_through      last session whose data the set rests on, as the journal says, else the document
--   is_in_sample      whether that session is not before the first one the run traded with the set; null where unknown
create or replace view marts.run_parameter_sets as
with applied as (
    select
        run_id,
        coalesce(payload ->> '$.set_id', payload ->> '$.id') as parameter_set_id,
        payload ->> '$.sha256' as sha256,
        try_cast(payload ->> '$.data_through' as date) as data_through,
        occurred_at,
        segment,
        line
    from records.journal_entries
    where kind = 'parameters_applied' and run_id is not null
),
ranked as (
    select
        *,
        row_number() over (
            partition by run_id
            order by occurred_at desc, try_cast(segment as integer) desc, line desc, sha256
        ) as from_the_end
    from applied
)
select
    run_id,
    any_value(ranked.parameter_set_id) as parameter_set_id,
    sha256,
    min(occurred_at) as first_applied_at,
    max(occurred_at) as applied_at,
    min(from_the_end) = 1 as is_last,
    sha256 in (select stored.sha256 from records.parameter_sets as stored) as known,
    coalesce(any_value(ranked.data_through), any_value(stored.data_through)) as data_through,
    coalesce(any_value(ranked.data_through), any_value(stored.data_through))
    >= cast(timezone('America/New_York', min(occurred_at)) as date) as is_in_sample
from ranked
left join records.parameter_sets as stored using (sha256)
group by run_id, sha256
