-- marts.crisis_losses: each leg's part in the worst look of each scenario, and what it was priced by.
-- Grain: one row per rehearsal, scenario, trade and contract. Sums by strategy, underlying or group_name are what they lose.
-- rehearsal_id, deployment, book_date, is_newest  the rehearsal
-- scenario, look  the crisis, and which look at it was the worst
-- trade_id, strategy  the trade; unassigned where no trade explains the position
-- underlying, group_name  product and correlation group
-- instrument_key, quantity  the contract, signed
-- price, price_source  of the underlying that evening: journal, daily_prices, mark, marks (solved from a put's and a call's)
-- factor, factor_source  what it is multiplied by, and whose move that is
-- volatility, volatility_source  implied, a share a year: journal, mark (implied by it), vix (its level)
-- volatility_after  in the crisis
-- loss            account currency; a gain is negative
-- loss_share      over equity
SELECT
    g.rehearsal_id,
    h.deployment,
    h.book_date,
    h.is_newest,
    g.scenario,
    concat_ws(' ', l.span, l.session_date, l.mark) AS look,
    g.trade_id,
    g.strategy,
    g.underlying,
    g.group_name,
    g.instrument_key,
    CAST(g.quantity AS DECIMAL(38, 6)) AS quantity,
    g.price,
    g.price_source,
    g.factor,
    g.factor_source,
    g.volatility,
    g.volatility_source,
    g.volatility_after,
    CAST(g.loss AS DECIMAL(38, 2)) AS loss,
    CAST(g.loss AS DOUBLE) / nullif(CAST(h.equity AS DOUBLE), 0) AS loss_share
FROM records.rehearsal_legs g
JOIN marts.crisis_rehearsals h USING (rehearsal_id)
JOIN records.rehearsal_looks l ON l.rehearsal_id = g.rehearsal_id AND l.scenario = g.scenario AND l.is_worst
