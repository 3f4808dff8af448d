-- marts.orders: Orders of every type; each leg of a combo is an order of its own.
-- Grain: one row per order.
-- run_id, order_id              the order; ids start again in every run
-- group_id                      the combo it is a leg of
-- order_type, status            by LEAN's names
-- symbol                        LEAN's ticker or option text
-- instrument_key                the key shared with brokers
-- security_type, underlying, expiry, call_put, strike  the contract
-- direction                     buy, sell, hold
-- quantity                      signed
-- quantity_text                 the same as LEAN wrote it
-- price                         mean fill price per unit, without the multiplier
-- price_text                    the same as LEAN wrote it
-- price_currency                currency of the price
-- limit_price, stop_price       its own, or the combo's net limit
-- created_at, last_fill_at, canceled_at  UTC
-- time_in_force                 how long it stands
-- tag                           as the engine keeps it
-- strategy, trade_id            of the strategy trade it belongs to, or of its tag where it never filled
-- trade_part                    open, close, roll, expiry, assignment, margin_call
-- trade_run_id                  the run that opened that trade: an earlier one of the deployment may have
-- joined_by                     tag, group, template, fifo, delivery, order: why it belongs to the trade
-- trades                        how many trades it belongs to; the trade named is the first that takes of it
SELECT
    o.run_id,
    o.order_id,
    o.group_id,
    o.order_type,
    o.status,
    o.symbol,
    o.instrument_key,
    o.security_type,
    i.underlying,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    o.direction,
    CAST(o.quantity AS DECIMAL(38, 6)) AS quantity,
    o.quantity_text,
    CAST(o.price AS DECIMAL(38, 6)) AS price,
    o.price_text,
    o.price_currency,
    CAST(coalesce(o.limit_price, o.group_limit_price) AS DECIMAL(38, 6)) AS limit_price,
    CAST(o.stop_price AS DECIMAL(38, 6)) AS stop_price,
    o.created_at,
    o.last_fill_at,
    o.canceled_at,
    o.time_in_force,
    o.tag,
    coalesce(t.strategy, CASE WHEN starts_with(o.tag, 'tk1|') THEN nullif(split_part(o.tag, '|', 2), '') END) AS strategy,
    coalesce(t.trade_id, CASE WHEN starts_with(o.tag, 'tk1|') THEN nullif(split_part(o.tag, '|', 3), '') END) AS trade_id,
    p.part AS trade_part,
    p.trade_run_id,
    p.joined_by,
    p.trades
FROM records.orders o
LEFT JOIN records.instruments i USING (instrument_key)
LEFT JOIN derived.trade_orders p USING (run_id, order_id)
LEFT JOIN derived.strategy_trades t ON t.run_id = p.trade_run_id AND t.trade_id = p.trade_id
