-- marts.group_regimes: the regime of each group of a universe on a session, from the group's own returns.
-- Grain: universe, group, session. Groups of one symbol have none.
--   universe, group_name, session_date
--   regime            Normal, Stressed or Crisis, under the present settings and from the prices known now
--   universe_regime   that of the whole universe on the session; null where it has no label
--   danger, diversification, semi_volatility, mean_correlation, correlation_forecast, reason   as in marts.regimes
--   members           symbols of the group
create or replace view marts.group_regimes as
select
    g.universe, g.group_name, g.session_date, g.regime, r.regime as universe_regime, g.danger, g.diversification,
    g.semi_volatility, g.mean_correlation, g.correlation_forecast, g.reason, g.members
from derived.group_regimes g
left join marts.regimes r on r.universe = g.universe and r.session_date = g.session_date
