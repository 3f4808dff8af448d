-- Where each strategy trade's profit or loss of a session came from, by the Greeks it began with.
-- Grain: one row per run, trade and session, from the algorithm's journal.
--   run_id          the run
--   trade_id        the strategy trade
--   strategy        its strategy
--   session_date    New York session
--   profit_loss     change of value and cash of the session at mid, after fees, USD
--   theta           what the passing of time explains
--   delta           what the underlying's move explains
--   gamma           what the curvature of that move explains
--   vega            what the change of each contract's implied volatility explains
--   fees            what the engine's fee model charged, negative
--   slippage        distance of the fills from the mid of their moment, negative where it cost something
--   residual        what is left; the parts add up to profit_loss
--   residual_share  the residual's part of the sum of all parts without their signs (null where nothing happened)
create or replace view marts.attribution as
with parts as (
    select
        run_id,
        payload ->> '$.trade_id' as trade_id,
        payload ->> '$.strategy' as strategy,
        cast(payload ->> '$.session_date' as date) as session_date,
        cast(payload ->> '$.profit_loss' as decimal(18, 6)) as profit_loss,
        cast(payload ->> '$.theta' as decimal(18, 6)) as theta,
        cast(payload ->> '$.delta' as decimal(18, 6)) as delta,
        cast(payload ->> '$.gamma' as decimal(18, 6)) as gamma,
        cast(payload ->> '$.vega' as decimal(18, 6)) as vega,
        cast(payload ->> '$.fees' as decimal(18, 6)) as fees,
        cast(payload ->> '$.slippage' as decimal(18, 6)) as slippage,
        cast(payload ->> '$.residual' as decimal(18, 6)) as residual
    from records.journal_entries
    where kind = 'attribution' and dialect = 'tomking-1' and run_id is not null
)
select
    *,
    abs(residual) / nullif(
        abs(theta) + abs(delta) + abs(gamma) + abs(vega) + abs(fees) + abs(slippage) + abs(residual), 0
    ) as residual_share
from parts
