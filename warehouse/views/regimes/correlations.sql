-- marts.correlations: correlation of every two members of a universe over the 20 sessions up to its newest one.
-- Grain: universe, pair of symbols (first_symbol before second_symbol in the alphabet).
--   universe, session_date
--   first_symbol, second_symbol, first_group, second_group
--   correlation      null where a series did not move or is missing in the window
--   expected_correlation  of the next 20 sessions: pattern of the recent months at the forecast mean; null before one
--   observations     sessions in the window
--   table_version    version of the group table, or `configured`
create or replace view marts.correlations as
select
    p.universe,
    p.session_date,
    p.first_symbol,
    p.second_symbol,
    a.group_name as first_group,
    b.group_name as second_group,
    p.correlation,
    p.expected_correlation,
    p.observations,
    a.table_version
from derived.pair_correlations p
left join derived.symbol_groups a on a.universe = p.universe and a.symbol = p.first_symbol
left join derived.symbol_groups b on b.universe = p.universe and b.symbol = p.second_symbol
