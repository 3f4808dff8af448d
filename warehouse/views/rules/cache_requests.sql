-- What was asked of the algorithm's caches in each session, and what was served from memory.
-- Grain: one row per run, session, cache and kind of key.
--   run_id          the run
--   session_date    New York session (the day the line was written, where it names none)
--   cache           chains, greeks
--   key_kind        what kind of request: the windows that it sets, or the whole chain (null where none is named)
--   requests        hits and misses together
--   hits            served from memory
--   hit_rate        hits over requests, null without any
--   first_touch     misses of what was never asked for before
--   expired         misses of what had grown too old
--   evicted         misses of what had made room
--   invalidated     misses of what an event had dropped
--   wider           misses of what was there in part only
--   provider_calls  how often the engine was asked (null where the journal names none)
--   stale_served    failures that the last good answer stood in for
create or replace view marts.cache_requests as
with lines as (
    select
        run_id,
        coalesce(
            try_cast(payload ->> '$.session_date' as date), cast(occurred_at at time zone 'America/New_York' as date)
        ) as session_date,
        payload ->> '$.cache' as cache,
        payload ->> '$.key_kind' as key_kind,
        cast(payload ->> '$.hits' as bigint) as hits,
        coalesce(cast(payload ->> '$.misses.first_touch' as bigint), 0) as first_touch,
        coalesce(cast(payload ->> '$.misses.expired' as bigint), 0) as expired,
        coalesce(cast(payload ->> '$.misses.evicted' as bigint), 0) as evicted,
        coalesce(cast(payload ->> '$.misses.invalidated' as bigint), 0) as invalidated,
        coalesce(cast(payload ->> '$.misses.wider' as bigint), 0) as wider,
        cast(payload ->> '$.provider_calls' as bigint) as provider_calls,
        cast(payload ->> '$.stale_served' as bigint) as stale_served
    from records.journal_entries
    where kind = 'cache' and dialect = 'tomking-1' and run_id is not null
)
select
    run_id,
    session_date,
    cache,
    key_kind,
    cast(sum(hits + first_touch + expired + evicted + invalidated + wider) as bigint) as requests,
    cast(sum(hits) as bigint) as hits,
    cast(sum(hits) as double)
    / nullif(sum(hits + first_touch + expired + evicted + invalidated + wider), 0) as hit_rate,
    cast(sum(first_touch) as bigint) as first_touch,
    cast(sum(expired) as bigint) as expired,
    cast(sum(evicted) as bigint) as evicted,
    cast(sum(invalidated) as bigint) as invalidated,
    cast(sum(wider) as bigint) as wider,
    cast(sum(provider_calls) as bigint) as provider_calls,
    cast(sum(stale_served) as bigint) as stale_served
from lines
group by all
