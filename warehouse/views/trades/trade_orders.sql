-- marts.trade_orders: Orders of strategy trades with what came of each.
-- Grain: one row per order of a strategy trade.
-- run_id, trade_id, strategy, kind  the trade; run_id is the run that opened it
-- part                     open, close, roll, expiry, assignment, margin_call
-- order_id                 the order
-- symbol, instrument_key, underlying, security_type, expiry, call_put, strike  the contract
-- created_at               when the engine made the order
-- first_fill_at, last_fill_at  when it filled
-- session_date             New York session of its first fill
-- quantity                 filled, signed
-- price                    mean price of its fills in the contract, per unit
-- fee, fee_currency        sum of its fees; null: none was set, or currencies differ
-- is_assignment            whether a fill of it was an assignment
-- order_run_id             the order's own run: a later one of the deployment may close what an earlier one opened
-- joined_by                tag, group, template, fifo, delivery, order: why it belongs to the trade
WITH fills AS (
    SELECT
        e.run_id,
        e.order_id,
        min(e.occurred_at) FILTER (WHERE e.fill_quantity <> 0) AS first_fill_at,
        max(e.occurred_at) FILTER (WHERE e.fill_quantity <> 0) AS last_fill_at,
        min(e.session_date) FILTER (WHERE e.fill_quantity <> 0) AS session_date,
        sum(e.fill_quantity) FILTER (WHERE e.instrument_key = o.instrument_key) AS quantity,
        sum(e.fee_amount) AS fee,
        count(DISTINCT e.fee_currency) AS currencies,
        min(e.fee_currency) AS fee_currency,
        bool_or(e.is_assignment) AS is_assignment
    FROM records.order_events e
    JOIN records.orders o USING (run_id, order_id)
    GROUP BY e.run_id, e.order_id
)
SELECT
    p.trade_run_id AS run_id,
    p.trade_id,
    t.strategy,
    t.kind,
    p.part,
    p.order_id,
    o.symbol,
    o.instrument_key,
    coalesce(i.underlying, i.ticker) AS underlying,
    o.security_type,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    o.created_at,
    f.first_fill_at,
    f.last_fill_at,
    f.session_date,
    CAST(f.quantity AS DECIMAL(38, 6)) AS quantity,
    CAST(o.price AS DECIMAL(38, 6)) AS price,
    CASE WHEN f.currencies = 1 THEN CAST(f.fee AS DECIMAL(38, 6)) END AS fee,
    CASE WHEN f.currencies = 1 THEN f.fee_currency END AS fee_currency,
    coalesce(f.is_assignment, false) AS is_assignment,
    p.run_id AS order_run_id,
    p.joined_by
FROM derived.trade_orders p
JOIN derived.strategy_trades t ON t.run_id = p.trade_run_id AND t.trade_id = p.trade_id
JOIN records.orders o ON o.run_id = p.run_id AND o.order_id = p.order_id
LEFT JOIN records.instruments i ON i.instrument_key = o.instrument_key
LEFT JOIN fills f ON f.run_id = p.run_id AND f.order_id = p.order_id
