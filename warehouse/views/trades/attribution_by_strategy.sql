-- Where each strategy's profit or loss came from over a run.
-- Grain: one row per run and strategy.
--   run_id          the run
--   strategy        the strategy
--   sessions        sessions in which it held a trade
--   trades          its trades
--   profit_loss     sums of marts.attribution, USD
--   theta
--   delta
--   gamma
--   vega
--   fees
--   slippage
--   residual
--   residual_share  the residuals' part of all parts, each taken per trade and session without its sign
create or replace view marts.attribution_by_strategy as
select
    run_id,
    strategy,
    count(distinct session_date) as sessions,
    count(distinct trade_id) as trades,
    sum(profit_loss) as profit_loss,
    sum(theta) as theta,
    sum(delta) as delta,
    sum(gamma) as gamma,
    sum(vega) as vega,
    sum(fees) as fees,
    sum(slippage) as slippage,
    sum(residual) as residual,
    sum(abs(residual)) / nullif(
        sum(abs(theta) + abs(delta) + abs(gamma) + abs(vega) + abs(fees) + abs(slippage) + abs(residual)), 0
    ) as residual_share
from marts.attribution
group by all
