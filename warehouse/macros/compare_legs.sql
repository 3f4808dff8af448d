-- marts.compare_legs(run_a, run_b): Orders of two runs' paired trades side by side, contract by contract.
-- Grain: one row per pair of trades, part and contract; the first order with the first, by the time it was made.
-- matched, trade_a, trade_b      as in marts.pair_trades
-- strategy, part, symbol         the order's trade, its part in it, its contract
-- order_a, order_b               ids
-- created_a, created_b           when the engine made the orders
-- filled_a, filled_b             when they filled
-- fill_delay_seconds             how much later b's filled
-- quantity_a, quantity_b         filled, signed
-- price_a, price_b, price_difference  mean fill prices; b less a
-- fee_a, fee_b                   null: none was set
-- is_assignment_a, is_assignment_b
CREATE OR REPLACE MACRO marts.compare_legs(run_a, run_b) AS TABLE
WITH pairs AS (
    SELECT *, coalesce(trade_a, '') || '|' || coalesce(trade_b, '') AS pair FROM marts.pair_trades(run_a, run_b)
),
sides AS (
    SELECT 'a' AS side, p.pair, l.* FROM pairs p JOIN marts.trade_orders l ON l.run_id = run_a AND l.trade_id = p.trade_a
    UNION ALL
    SELECT 'b' AS side, p.pair, l.* FROM pairs p JOIN marts.trade_orders l ON l.run_id = run_b AND l.trade_id = p.trade_b
),
legs AS (
    SELECT
        *,
        row_number() OVER (PARTITION BY side, pair, part, instrument_key ORDER BY created_at, order_id) AS number
    FROM sides
)
SELECT
    any_value(p.matched) AS matched,
    any_value(p.trade_a) AS trade_a,
    any_value(p.trade_b) AS trade_b,
    any_value(l.strategy) AS strategy,
    l.part,
    any_value(l.symbol) AS symbol,
    max(l.order_id) FILTER (WHERE l.side = 'a') AS order_a,
    max(l.order_id) FILTER (WHERE l.side = 'b') AS order_b,
    max(l.created_at) FILTER (WHERE l.side = 'a') AS created_a,
    max(l.created_at) FILTER (WHERE l.side = 'b') AS created_b,
    max(l.last_fill_at) FILTER (WHERE l.side = 'a') AS filled_a,
    max(l.last_fill_at) FILTER (WHERE l.side = 'b') AS filled_b,
    epoch(max(l.last_fill_at) FILTER (WHERE l.side = 'b') - max(l.last_fill_at) FILTER (WHERE l.side = 'a'))
        AS fill_delay_seconds,
    max(l.quantity) FILTER (WHERE l.side = 'a') AS quantity_a,
    max(l.quantity) FILTER (WHERE l.side = 'b') AS quantity_b,
    max(l.price) FILTER (WHERE l.side = 'a') AS price_a,
    max(l.price) FILTER (WHERE l.side = 'b') AS price_b,
    max(l.price) FILTER (WHERE l.side = 'b') - max(l.price) FILTER (WHERE l.side = 'a') AS price_difference,
    max(l.fee) FILTER (WHERE l.side = 'a') AS fee_a,
    max(l.fee) FILTER (WHERE l.side = 'b') AS fee_b,
    max(l.is_assignment) FILTER (WHERE l.side = 'a') AS is_assignment_a,
    max(l.is_assignment) FILTER (WHERE l.side = 'b') AS is_assignment_b
FROM pairs p
JOIN legs l USING (pair)
GROUP BY p.pair, l.part, l.instrument_key, l.number
ORDER BY min(l.session_date), trade_a, trade_b, l.part, symbol
