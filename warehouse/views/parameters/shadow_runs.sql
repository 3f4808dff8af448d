-- marts.shadow_runs: Candidates evaluated beside the set in force without being applied.
-- Grain: one row per candidate, set in force and universe.
-- deployment, candidate, live     the sets
-- state                           the candidate's
-- universe                        whose returns
-- sessions, first_session, last_session  sessions after the data of both sets
-- sessions_differing              of these, with another label
-- share_differing                 the same as a share
-- exposure, live_exposure         mean share of a trade's size that each leaves
-- exposure_difference             the candidate's less the live set's: positive means larger trades
-- larger_sessions, smaller_sessions  sessions on which the candidate would have left more, or less
SELECT
    d.deployment,
    d.candidate,
    d.live,
    any_value(s.state) AS state,
    d.universe,
    count(*) AS sessions,
    min(d.session_date) AS first_session,
    max(d.session_date) AS last_session,
    count(*) FILTER (WHERE d.differs) AS sessions_differing,
    count(*) FILTER (WHERE d.differs) / count(*) AS share_differing,
    avg(d.size_share) AS exposure,
    avg(d.live_size_share) AS live_exposure,
    avg(d.size_share - d.live_size_share) AS exposure_difference,
    count(*) FILTER (WHERE d.size_share > d.live_size_share) AS larger_sessions,
    count(*) FILTER (WHERE d.size_share < d.live_size_share) AS smaller_sessions
FROM marts.shadow_days d
JOIN marts.parameter_sets s USING (sha256)
GROUP BY d.deployment, d.candidate, d.live, d.universe
