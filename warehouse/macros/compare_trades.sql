-- marts.compare_trades(run_a, run_b): Strategy trades of two runs side by side, paired by marts.pair_trades.
-- Grain: one row per pair of trades, and one per trade without a partner.
-- matched                        same_contracts, same_kind, only_a, only_b
-- strategy, kind, underlying, session_date  of the trades; the session in which they opened
-- trade_a, trade_b               their ids
-- contracts_a, contracts_b       opening legs with their sides
-- filled_a, filled_b             when the last opening order filled
-- quantity_a, quantity_b         how many of the strategy
-- price_a, price_b               opening net cash of one of the strategy
-- ended_by_a, ended_by_b
-- fees_a, fees_b
-- profit_loss_a, profit_loss_b, difference  gross of fees; b less a
-- differs                        whether anything of these but the ids does
CREATE OR REPLACE MACRO marts.compare_trades(run_a, run_b) AS TABLE
SELECT
    m.matched,
    m.strategy,
    m.kind,
    m.underlying,
    m.session_date,
    m.trade_a,
    m.trade_b,
    a.contracts AS contracts_a,
    b.contracts AS contracts_b,
    a.filled_at AS filled_a,
    b.filled_at AS filled_b,
    a.quantity AS quantity_a,
    b.quantity AS quantity_b,
    a.unit_price AS price_a,
    b.unit_price AS price_b,
    a.ended_by AS ended_by_a,
    b.ended_by AS ended_by_b,
    a.fees AS fees_a,
    b.fees AS fees_b,
    a.profit_loss AS profit_loss_a,
    b.profit_loss AS profit_loss_b,
    b.profit_loss - a.profit_loss AS difference,
    (a.contracts, a.filled_at, a.quantity, a.unit_price, a.ended_by, a.fees, a.profit_loss)
        IS DISTINCT FROM (b.contracts, b.filled_at, b.quantity, b.unit_price, b.ended_by, b.fees, b.profit_loss) AS differs
FROM marts.pair_trades(run_a, run_b) m
LEFT JOIN marts.trade_openings a ON a.run_id = run_a AND a.trade_id = m.trade_a
LEFT JOIN marts.trade_openings b ON b.run_id = run_b AND b.trade_id = m.trade_b
ORDER BY m.session_date, m.strategy, m.trade_a, m.trade_b
