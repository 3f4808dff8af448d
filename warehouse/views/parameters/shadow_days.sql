-- marts.shadow_days: What candidates say of days they have not seen, beside the set in force.
-- Grain: one row per candidate, set in force, universe and session after the data of both.
-- deployment, candidate, live     the sets
-- universe, session_date          the session
-- regime, live_regime             both labels; null where there is none
-- size_share, live_size_share     the share of a trade's size that each leaves
-- differs                         whether the labels differ
-- evaluated_at                    when it was computed (UTC)
SELECT
    c.deployment,
    c.parameter_set_id AS candidate,
    l.parameter_set_id AS live,
    d.universe,
    d.session_date,
    d.regime,
    d.live_regime,
    d.size_share,
    d.live_size_share,
    d.regime IS DISTINCT FROM d.live_regime AS differs,
    d.evaluated_at,
    d.sha256,
    d.live_sha256
FROM records.shadow_days d
JOIN records.parameter_sets c USING (sha256)
JOIN records.parameter_sets l ON l.sha256 = d.live_sha256
