-- marts.regimes: the regime of a universe on a session.
-- Grain: universe, session.
--   session_date      the session
--   universe          its name in the configuration
--   regime            Normal, Stressed or Crisis
--   danger            level 0 to 2 of the semi-volatility axis
--   diversification   level 0 to 2 of the correlation axis; null until it has the history its thresholds need
--   mean_correlation  mean pairwise correlation of the last 20 sessions
--   score             diversification score of the equally weighted universe, 0 to 100, over 60 sessions
--   reason            what each axis saw, with its threshold
--   known_at          when the label was made
--   semi_volatility, correlation_forecast, score_lost_to_concentration, score_lost_to_correlation, members, settings_id
--   revised           a later computation from corrected prices says something else (records.regime_revisions)
-- A label made within a week of its session is the one that was known that evening and stands. Sessions labelled
-- later, from history, show the newest settings.
create or replace view marts.regimes as
select
    d.session_date,
    d.universe,
    d.regime,
    d.danger,
    d.diversification,
    d.mean_correlation,
    d.score,
    d.reason,
    d.known_at,
    d.semi_volatility,
    d.correlation_forecast,
    d.score_lost_to_concentration,
    d.score_lost_to_correlation,
    d.members,
    d.settings_id,
    exists (
        select 1
        from records.regime_revisions r
        where r.universe = d.universe and r.settings_id = d.settings_id and r.session_date = d.session_date
    ) as revised
from (
    select *, known_at < session_date + interval 8 day as known_then
    from records.regime_days
) d
qualify row_number() over (
    partition by d.universe, d.session_date
    order by d.known_then desc, case when d.known_then then d.known_at end, d.known_at desc, d.settings_id
) = 1
