-- marts.strategy_correlations: how the results of a run's strategies move together, not their underlyings' prices.
-- Grain: run, pair of strategies (first before second in the alphabet), over the sessions in which both held a trade.
--   run_id, first_strategy, second_strategy
--   sessions                  sessions in which both held a trade
--   first_session, last_session
--   profit_loss_correlation   of their profit or loss a session, after fees
--   low, high                 its 90 % interval by Fisher's transformation
--   delta_correlation         of what the underlyings' moves brought on the deltas held
--   vega_correlation          of what the changes of volatility brought on the vegas held: what August 2024 was
-- Null below twenty sessions, and where one side never moved.
create or replace view marts.strategy_correlations as
with daily as (
    select
        run_id, strategy, session_date,
        cast(sum(profit_loss) as double) as profit_loss,
        cast(sum(delta) as double) as delta,
        cast(sum(vega) as double) as vega
    from marts.attribution
    group by run_id, strategy, session_date
),
pairs as (
    select
        a.run_id,
        a.strategy as first_strategy,
        b.strategy as second_strategy,
        count(*) as sessions,
        min(a.session_date) as first_session,
        max(a.session_date) as last_session,
        case when count(*) >= 20 and stddev_pop(a.profit_loss) > 0 and stddev_pop(b.profit_loss) > 0
            then corr(a.profit_loss, b.profit_loss) end as profit_loss_correlation,
        case when count(*) >= 20 and stddev_pop(a.delta) > 0 and stddev_pop(b.delta) > 0
            then corr(a.delta, b.delta) end as delta_correlation,
        case when count(*) >= 20 and stddev_pop(a.vega) > 0 and stddev_pop(b.vega) > 0
            then corr(a.vega, b.vega) end as vega_correlation
    from daily a
    join daily b on b.run_id = a.run_id and b.session_date = a.session_date and b.strategy > a.strategy
    group by a.run_id, a.strategy, b.strategy
)
select
    run_id,
    first_strategy,
    second_strategy,
    sessions,
    first_session,
    last_session,
    profit_loss_correlation,
    case when abs(profit_loss_correlation) < 1
        then tanh(atanh(profit_loss_correlation) - 1.6448536 / sqrt(sessions - 3))
        else profit_loss_correlation end as low,
    case when abs(profit_loss_correlation) < 1
        then tanh(atanh(profit_loss_correlation) + 1.6448536 / sqrt(sessions - 3))
        else profit_loss_correlation end as high,
    delta_correlation,
    vega_correlation
from pairs
