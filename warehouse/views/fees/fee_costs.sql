-- marts.fee_costs: what every order leg of the statements cost, with all that fees are asked by.
-- Grain: order leg of a statement; a row per event (expiry, assignment, delivered shares). US dollars or the account's
-- currency; costs positive.
-- account, broker, plan   whose statement
-- run_id, lean_order_id   the order of LEAN; null where LEAN does not know it
-- strategy, trade_id      from LEAN's trade; strategy is `manual` where LEAN does not know the order
-- instrument_key, underlying, product  the contract
-- session_date, month     of the first fill; the month's first day
-- days_to_expiry          from the session to the expiry; null for what has none
-- dte_bucket              0, 1-7, 8-21, 22-45, 46-90, over 90, none
-- leg_class               trade, expiration, assignment, exercise, delivery
-- units                   contracts or shares, unsigned
-- premium                 cash before charges, taken in positive
-- charged                 commission and all fees
-- expected                by our schedule; forecast: by the rows known on the day itself; null where they do not say
-- per_unit                charged per contract or share
WITH legs AS (
    SELECT
        p.*,
        l.run_id,
        l.lean_order_id,
        CASE WHEN i.expiry >= p.session_date THEN date_diff('day', p.session_date, i.expiry) END AS days_to_expiry
    FROM derived.statement_pricing AS p
    LEFT JOIN derived.leg_fills AS f
        ON f.source = 'broker' AND f.reference = p.first_row_id AND f.account = p.account
    LEFT JOIN derived.fee_legs AS l ON l.leg_id = f.leg_id AND l.account = p.account
    LEFT JOIN records.instruments AS i ON i.instrument_key = p.instrument_key
    WHERE p.is_own_currency
)

SELECT
    l.account,
    l.broker,
    l.plan,
    l.run_id,
    l.lean_order_id,
    CASE WHEN l.lean_order_id IS NULL THEN 'manual' ELSE coalesce(t.strategy, 'untagged') END AS strategy,
    t.run_id AS trade_run_id,
    t.trade_id,
    l.instrument_key,
    l.underlying,
    l.product,
    l.session_date,
    CAST(date_trunc('month', l.session_date) AS DATE) AS month,
    l.days_to_expiry,
    CASE
        WHEN l.days_to_expiry IS NULL THEN 'none'
        WHEN l.days_to_expiry = 0 THEN '0'
        WHEN l.days_to_expiry <= 7 THEN '1-7'
        WHEN l.days_to_expiry <= 21 THEN '8-21'
        WHEN l.days_to_expiry <= 45 THEN '22-45'
        WHEN l.days_to_expiry <= 90 THEN '46-90'
        ELSE 'over 90'
    END AS dte_bucket,
    l.leg_class,
    l.broker_order_id,
    CAST(l.units AS DECIMAL(18, 6)) AS units,
    CAST(l.premium AS DECIMAL(18, 6)) AS premium,
    CAST(l.charged AS DECIMAL(18, 6)) AS charged,
    CAST(l.expected AS DECIMAL(18, 6)) AS expected,
    CAST(l.forecast AS DECIMAL(18, 6)) AS forecast,
    CASE WHEN l.units > 0 THEN CAST(CAST(l.charged AS DOUBLE) / CAST(l.units AS DOUBLE) AS DECIMAL(18, 6)) END AS per_unit,
    l.leg_id
FROM legs AS l
LEFT JOIN derived.trade_orders AS o ON o.run_id = l.run_id AND o.order_id = l.lean_order_id
LEFT JOIN derived.strategy_trades AS t ON t.run_id = o.trade_run_id AND t.trade_id = o.trade_id
