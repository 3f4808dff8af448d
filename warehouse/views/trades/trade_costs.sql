-- marts.trade_costs: what each strategy trade paid in fees, by LEAN's model and by the broker, beside what it earned.
-- Grain: strategy trade of a run that trades in an account or rehearses it; an account. Costs positive.
-- opened_month        the month's first day
-- units               contracts and shares of its orders that the broker charged
-- credit, profit_loss opening net cash and gross result, both of LEAN; profit_loss is null while it is not certain
-- modelled_fees       LEAN's
-- charged_fees        the broker's, of the orders that a statement shows
-- legs, charged_legs  order legs that moved a position, and how many of them a statement shows
-- fees_over_credit    charged_fees as a share of a positive credit
-- fees_over_profit_loss  of the result before fees; null where that is 0 or unknown, negative for a loss
-- break_even_credit   what one of the strategy must take in to pay the fees of the whole trade
WITH legs AS (
    SELECT
        o.trade_run_id AS run_id,
        o.trade_id,
        l.account,
        count(*) AS legs,
        count(*) FILTER (WHERE l.charged IS NOT NULL) AS charged_legs,
        sum(l.charged) AS charged,
        sum(l.modelled) AS modelled,
        sum(abs(l.broker_quantity)) FILTER (WHERE l.leg_class = 'trade') AS units
    FROM derived.fee_legs AS l
    JOIN derived.trade_orders AS o ON o.run_id = l.run_id AND o.order_id = l.lean_order_id
    GROUP BY o.trade_run_id, o.trade_id, l.account
)

SELECT
    t.run_id,
    l.account,
    t.trade_id,
    t.strategy,
    t.kind,
    t.underlying,
    CAST(date_trunc('month', CAST(t.opened_at AS TIMESTAMP)) AS DATE) AS opened_month,
    t.days_to_expiry,
    t.ended_by,
    CAST(l.units AS DECIMAL(18, 6)) AS units,
    CAST(t.quantity AS DECIMAL(18, 6)) AS quantity,
    CAST(t.credit AS DECIMAL(18, 6)) AS credit,
    CAST(t.profit_loss AS DECIMAL(18, 6)) AS profit_loss,
    CAST(l.modelled AS DECIMAL(18, 6)) AS modelled_fees,
    CAST(l.charged AS DECIMAL(18, 6)) AS charged_fees,
    l.legs,
    l.charged_legs,
    CASE WHEN t.credit > 0 THEN CAST(CAST(l.charged AS DOUBLE) / CAST(t.credit AS DOUBLE) AS DECIMAL(18, 6)) END
        AS fees_over_credit,
    CASE WHEN t.profit_loss <> 0 THEN CAST(CAST(l.charged AS DOUBLE) / CAST(t.profit_loss AS DOUBLE) AS DECIMAL(18, 6)) END
        AS fees_over_profit_loss,
    CASE WHEN t.quantity <> 0 THEN CAST(CAST(l.charged AS DOUBLE) / abs(CAST(t.quantity AS DOUBLE)) AS DECIMAL(18, 6)) END
        AS break_even_credit
FROM derived.strategy_trades AS t
JOIN legs AS l ON l.run_id = t.run_id AND l.trade_id = t.trade_id
