-- marts.crisis_looks: a rehearsed book at each session of each crisis.
-- Grain: one row per rehearsal, scenario, span, session and mark.
-- rehearsal_id, deployment, book_date, is_newest  the rehearsal
-- position        order of the looks
-- scenario        2018-02-05, 2020-03, 2024-08-05, 2025-04
-- span            day: that session alone; path: all sessions of the scenario up to it
-- session_date    the session of the crisis
-- mark            close, or low: the session's low with VIX at its high
-- days            calendar days that pass
-- vix_ratio       VIX over VIX before
-- loss            account currency; a gain is negative
-- loss_share      over equity
-- margin_before, margin_after  exchange's minimum of the options, now and then, with rates raised by margin_factor
-- margin_factor   what margin rates are multiplied by
-- is_margin_call  whether the margin would exceed what is left of the equity (null: equity unknown)
-- is_worst        the largest loss of its scenario
SELECT
    l.rehearsal_id,
    h.deployment,
    h.book_date,
    h.is_newest,
    l.position,
    l.scenario,
    l.span,
    l.session_date,
    l.mark,
    l.days,
    l.vix_ratio,
    CAST(l.loss AS DECIMAL(38, 2)) AS loss,
    CAST(l.loss AS DOUBLE) / nullif(CAST(h.equity AS DOUBLE), 0) AS loss_share,
    CAST(l.margin_before AS DECIMAL(38, 2)) AS margin_before,
    CAST(l.margin_after AS DECIMAL(38, 2)) AS margin_after,
    l.margin_factor,
    l.margin_after > h.equity - l.loss AS is_margin_call,
    l.is_worst
FROM records.rehearsal_looks l
JOIN marts.crisis_rehearsals h USING (rehearsal_id)
