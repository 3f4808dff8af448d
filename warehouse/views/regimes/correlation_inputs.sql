-- marts.correlation_inputs: how old the prices are that a universe's correlations and labels rest on.
-- Grain: universe, symbol.
--   universe, symbol, group_name
--   newest_price      newest session the symbol has a price for, from any source
--   newest_label      newest session with a label of the universe: the newest one that all its symbols have
--   price_age_days, label_age_days   calendar days from then to today (UTC)
--   holds_back        the symbol's newest price is the oldest of the universe and older than another's
select
    g.universe,
    g.symbol,
    g.group_name,
    p.newest_price,
    l.newest_label,
    date_diff('day', p.newest_price, current_date) as price_age_days,
    date_diff('day', l.newest_label, current_date) as label_age_days,
    coalesce(
        p.newest_price = min(p.newest_price) over (partition by g.universe)
        and p.newest_price < max(p.newest_price) over (partition by g.universe),
        false
    ) as holds_back
from derived.symbol_groups g
left join (
    select symbol, max(session_date) as newest_price from records.daily_prices group by symbol
) p on p.symbol = g.symbol
left join (
    select universe, max(session_date) as newest_label from records.regime_days group by universe
) l on l.universe = g.universe
