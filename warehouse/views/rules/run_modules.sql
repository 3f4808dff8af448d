-- What the modules of the algorithm were made with in each run, read off the modules themselves.
-- Grain: one row per journal, line and parameter; a run writes one line when it begins.
--   deployment    the deployment
--   run_key       names the journal
--   run_id        the run (null until it is known)
--   made_at       when the line was written, by the algorithm's clock
--   parameter     the parameter that a module took (caches.chain_ttl_seconds, regime.window, ...)
--   value         what it was made with, in the parameter's unit
--   fee_schedule  broker and plan that fees are forecast by
--   switched_off  modules that this run did without, joined by `+` (empty: none)
create or replace view marts.run_modules as
select
    deployment,
    run_key,
    run_id,
    occurred_at as made_at,
    entry.key as parameter,
    cast(entry.value ->> '$' as decimal(18, 6)) as value,
    payload ->> '$.fee_schedule' as fee_schedule,
    payload ->> '$.switched_off' as switched_off
from records.journal_entries, json_each(payload, '$.values') as entry
where kind = 'modules' and dialect = 'tomking-1'
