-- marts.positions: What a run still held at its end.
-- Grain: one row per run and instrument with an open position.
-- run_id, name    the run
-- instrument_key  the key shared with brokers
-- underlying, security_type, expiry, call_put, strike  the contract
-- currency        its quote currency
-- quantity        signed
-- average_price   what a unit cost on average
-- cost            with the multiplier, signed like the position
-- mark            price of a unit at the end; null where the files give only a sum over several positions
-- mark_source     as marks_source in marts.run_money
-- unrealised      value at the mark less cost
SELECT
    p.run_id,
    r.name,
    p.instrument_key,
    i.underlying,
    i.security_type,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    p.currency,
    CAST(p.quantity AS DECIMAL(38, 6)) AS quantity,
    CAST(p.average_price AS DECIMAL(38, 6)) AS average_price,
    CAST(p.cost AS DECIMAL(38, 6)) AS cost,
    CAST(p.mark AS DECIMAL(38, 6)) AS mark,
    p.mark_source,
    CAST(p.unrealised AS DECIMAL(38, 6)) AS unrealised
FROM derived.positions p
JOIN records.runs r USING (run_id)
LEFT JOIN records.instruments i USING (instrument_key)
