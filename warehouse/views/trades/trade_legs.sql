-- marts.trade_legs: The contracts of strategy trades.
-- Grain: one row per strategy trade and contract.
-- run_id, trade_id, strategy, label  the trade; run_id is the run that opened it
-- position            in the order in which they came; delivered shares come after the options
-- instrument_key, security_type, expiry, call_put, strike  the contract
-- quantity            opened, delivered or rolled into, signed; 0: opened by an earlier deployment
-- opened_price        mean price per unit
-- closed_quantity     signed: the other way
-- closed_price        mean price per unit; of an option settled in cash its value; null: not closed, or unknown
-- profit_loss         gross of fees; null while any of it is held
-- fees                null where currencies differ
-- ended_by            open, closed, expired, assigned, cash_settled, margin_call, rolled
SELECT
    l.run_id,
    l.trade_id,
    t.strategy,
    t.label,
    l.position,
    l.instrument_key,
    i.security_type,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    CAST(l.quantity AS DECIMAL(38, 6)) AS quantity,
    CAST(l.opened_price AS DECIMAL(38, 6)) AS opened_price,
    CAST(l.closed_quantity AS DECIMAL(38, 6)) AS closed_quantity,
    CAST(l.closed_price AS DECIMAL(38, 6)) AS closed_price,
    CAST(l.profit_loss AS DECIMAL(38, 6)) AS profit_loss,
    CAST(l.fees AS DECIMAL(38, 6)) AS fees,
    l.ended_by
FROM derived.trade_legs l
JOIN derived.strategy_trades t USING (run_id, trade_id)
LEFT JOIN records.instruments i USING (instrument_key)
