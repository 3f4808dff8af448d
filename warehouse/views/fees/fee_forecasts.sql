-- What the algorithm expected each fill to cost, as it wrote it down at fill time.
-- Grain: one row per forecast (run, journal line).
--   run_id         the run
--   order_id       LEAN's order id; one order is one leg
--   event_id       LEAN's event id within the order (null where the journal names none)
--   symbol         the instrument
--   strategy       strategy and trade that the order belongs to (null where it has no tag of ours)
--   trade_id
--   session_date   New York session of the fill (null where the journal names none)
--   forecast_at    when it was written, by the algorithm's clock
--   components     commission, clearing, orf, sec, taf, index, ...: JSON of name to exact text
--   total          sum of the components, USD, costs positive
--   total_text     the same to the last digit
--   modelled       what LEAN's fee model charged for the event
--   modelled_text  the same to the last digit
--   difference     total less modelled
create or replace view marts.fee_forecasts as
select
    run_id,
    try_cast(payload ->> '$.order_id' as integer) as order_id,
    try_cast(payload ->> '$.event_id' as integer) as event_id,
    payload ->> '$.symbol' as symbol,
    payload ->> '$.strategy' as strategy,
    payload ->> '$.trade_id' as trade_id,
    try_cast(payload ->> '$.session_date' as date) as session_date,
    occurred_at as forecast_at,
    payload -> '$.components' as components,
    cast(payload ->> '$.total' as decimal(18, 6)) as total,
    payload ->> '$.total' as total_text,
    cast(payload ->> '$.modelled' as decimal(18, 6)) as modelled,
    payload ->> '$.modelled' as modelled_text,
    cast(payload ->> '$.total' as decimal(18, 6)) - cast(payload ->> '$.modelled' as decimal(18, 6)) as difference
from records.journal_entries
where kind = 'fee_forecast' and dialect = 'tomking-1' and run_id is not null
