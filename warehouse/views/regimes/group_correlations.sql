-- marts.group_correlations: mean correlation within a group and between two, over the 20 sessions up to each one.
-- Grain: universe, session, pair of groups (a group with itself: the pairs within it).
--   universe, session_date, first_group, second_group
--   mean_correlation  null where no pair is defined
--   pairs             pairs of symbols behind the mean
--   low, high         the mean's 90 % interval: pairs of one window share its days, so many pairs are hardly surer than few
create or replace view marts.group_correlations as
select universe, session_date, first_group, second_group, mean_correlation, pairs, low, high
from derived.group_correlations
