-- marts.fills: events that changed a position: trades, expiries, exercises, assignments, deliveries of shares.
-- Grain: one row per fill.
-- run_id, order_id, event_id    the event
-- event_key                     the engine's own id of it
-- kind                          trade, expiry, exercise, assignment, delivery, delisting
-- filled_at                     UTC
-- session_date                  New York session; of an expiry or assignment the one that ended
-- symbol                        what changed; of a delivery the underlying
-- instrument_key                the key shared with brokers
-- underlying, security_type, expiry, call_put, strike, multiplier  the contract
-- direction                     buy or sell
-- quantity, price               signed; per unit, without the multiplier
-- quantity_text, price_text     the same as LEAN wrote them
-- currency                      currency of the price
-- fee                           LEAN's exact text; null: the engine set none
-- fee_amount, fee_currency      the fee as a number
-- is_assignment, is_in_the_money  as the engine says
-- group_id, order_type          of the order
-- message                       what the engine says about it
SELECT
    e.run_id,
    e.order_id,
    e.event_id,
    e.event_key,
    e.kind,
    e.occurred_at AS filled_at,
    e.session_date,
    e.symbol,
    e.instrument_key,
    i.underlying,
    coalesce(i.security_type, o.security_type) AS security_type,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    i.multiplier,
    e.direction,
    CAST(e.fill_quantity AS DECIMAL(38, 6)) AS quantity,
    e.fill_quantity_text AS quantity_text,
    CAST(e.fill_price AS DECIMAL(38, 6)) AS price,
    e.fill_price_text AS price_text,
    coalesce(e.fill_price_currency, o.price_currency) AS currency,
    e.fee_text AS fee,
    e.fee_amount,
    e.fee_currency,
    e.is_assignment,
    e.is_in_the_money,
    o.group_id,
    o.order_type,
    e.message
FROM records.order_events e
LEFT JOIN records.orders o USING (run_id, order_id)
LEFT JOIN records.instruments i ON i.instrument_key = e.instrument_key
WHERE e.fill_quantity <> 0
