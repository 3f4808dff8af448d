-- marts.fees_by: what was charged, by each of the things that fees are asked by.
-- Grain: account, dimension, value. Costs positive; the values of one dimension add up to the account's charges.
-- dimension           strategy, symbol, product, dte, broker, month
-- value               of the dimension; symbol is the underlying, month is YYYY-MM
-- legs, units         order legs and events; contracts and shares that were traded
-- charged             commission and all fees
-- per_unit            charged per traded contract or share
-- premium_taken       cash that sales took in
-- fees_over_premium   charged as a share of it
-- credit, profit_loss of LEAN's trades with that strategy, symbol, dte bucket at opening, or opening month; else null
-- fees_over_credit, fees_over_profit_loss  fees of these trades as shares of both
WITH costs AS (
    SELECT * FROM marts.fee_costs
),

charged AS (
    SELECT
        account,
        dimension,
        value,
        count(*) AS legs,
        sum(units) FILTER (WHERE leg_class = 'trade') AS units,
        sum(charged) AS charged,
        sum(premium) FILTER (WHERE leg_class = 'trade' AND premium > 0) AS premium_taken
    FROM (
        SELECT account, 'strategy' AS dimension, strategy AS value, leg_class, units, charged, premium FROM costs
        UNION ALL
        SELECT account, 'symbol', coalesce(underlying, instrument_key), leg_class, units, charged, premium FROM costs
        UNION ALL
        SELECT account, 'product', product, leg_class, units, charged, premium FROM costs
        UNION ALL
        SELECT account, 'dte', dte_bucket, leg_class, units, charged, premium FROM costs
        UNION ALL
        SELECT account, 'broker', broker, leg_class, units, charged, premium FROM costs
        UNION ALL
        SELECT account, 'month', strftime(month, '%Y-%m'), leg_class, units, charged, premium FROM costs
    )
    GROUP BY account, dimension, value
),

trades AS (
    SELECT
        account,
        dimension,
        value,
        sum(credit) FILTER (WHERE credit > 0) AS credit,
        sum(charged_fees) FILTER (WHERE credit > 0) AS credit_fees,
        sum(profit_loss) AS profit_loss,
        sum(charged_fees) FILTER (WHERE profit_loss IS NOT NULL) AS result_fees
    FROM (
        SELECT account, 'strategy' AS dimension, strategy AS value, credit, profit_loss, charged_fees FROM marts.trade_costs
        UNION ALL
        SELECT account, 'symbol', underlying, credit, profit_loss, charged_fees FROM marts.trade_costs
        UNION ALL
        SELECT account, 'month', strftime(opened_month, '%Y-%m'), credit, profit_loss, charged_fees FROM marts.trade_costs
        UNION ALL
        SELECT
            account,
            'dte',
            CASE
                WHEN days_to_expiry IS NULL THEN 'none'
                WHEN days_to_expiry = 0 THEN '0'
                WHEN days_to_expiry <= 7 THEN '1-7'
                WHEN days_to_expiry <= 21 THEN '8-21'
                WHEN days_to_expiry <= 45 THEN '22-45'
                WHEN days_to_expiry <= 90 THEN '46-90'
                ELSE 'over 90'
            END,
            credit,
            profit_loss,
            charged_fees
        FROM marts.trade_costs
    )
    GROUP BY account, dimension, value
)

SELECT
    c.account,
    c.dimension,
    c.value,
    c.legs,
    CAST(c.units AS DECIMAL(18, 6)) AS units,
    CAST(c.charged AS DECIMAL(18, 6)) AS charged,
    CASE WHEN c.units > 0 THEN CAST(CAST(c.charged AS DOUBLE) / CAST(c.units AS DOUBLE) AS DECIMAL(18, 6)) END AS per_unit,
    CAST(c.premium_taken AS DECIMAL(18, 6)) AS premium_taken,
    CASE WHEN c.premium_taken > 0 THEN CAST(CAST(c.charged AS DOUBLE) / CAST(c.premium_taken AS DOUBLE) AS DECIMAL(18, 6)) END
        AS fees_over_premium,
    CAST(t.credit AS DECIMAL(18, 6)) AS credit,
    CAST(t.profit_loss AS DECIMAL(18, 6)) AS profit_loss,
    CASE WHEN t.credit > 0 THEN CAST(CAST(t.credit_fees AS DOUBLE) / CAST(t.credit AS DOUBLE) AS DECIMAL(18, 6)) END
        AS fees_over_credit,
    CASE WHEN t.profit_loss <> 0 THEN CAST(CAST(t.result_fees AS DOUBLE) / CAST(t.profit_loss AS DOUBLE) AS DECIMAL(18, 6)) END
        AS fees_over_profit_loss
FROM charged AS c
LEFT JOIN trades AS t USING (account, dimension, value)
