-- marts.position_history: What a run held of a contract after each fill in it: what it began with, and its fills.
-- Grain: one row per fill.
-- run_id, name                  the run; one that is no deployment begins with nothing
-- instrument_key, symbol        what is held
-- underlying, security_type, expiry, call_put, strike  the contract; of a share the underlying is the share itself
-- order_id, event_id            the fill
-- filled_at, session_date       when
-- quantity                      held after it, signed
-- price                         of this fill or, where none was paid (expiry, assignment), of the one before
-- value                         quantity times price times multiplier, in `currency`; null: no multiplier, no price
-- currency                      of price and value
-- is_last                       whether it is the run's last fill in the contract
WITH fills AS (
    SELECT
        e.run_id,
        e.instrument_key,
        e.symbol,
        e.order_id,
        e.event_id,
        e.occurred_at,
        e.session_date,
        coalesce(d.began_with, 0) + sum(e.fill_quantity) OVER upto AS held,
        last_value(CASE WHEN e.kind IN ('trade', 'delivery') THEN e.fill_price END IGNORE NULLS) OVER upto AS price,
        last_value(e.fill_price_currency IGNORE NULLS) OVER upto AS currency,
        row_number() OVER (
            PARTITION BY e.run_id, e.instrument_key ORDER BY e.occurred_at DESC, e.order_id DESC, e.event_id DESC
        ) = 1 AS is_last
    FROM records.order_events e
    LEFT JOIN derived.deployment_positions d ON d.run_id = e.run_id AND d.instrument = e.instrument_key
    WHERE e.fill_quantity <> 0
    WINDOW upto AS (
        PARTITION BY e.run_id, e.instrument_key
        ORDER BY e.occurred_at, e.order_id, e.event_id
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    )
)
SELECT
    f.run_id,
    r.name,
    f.instrument_key,
    f.symbol,
    coalesce(i.underlying, i.ticker) AS underlying,
    i.security_type,
    i.expiry,
    i.call_put,
    CAST(i.strike AS DECIMAL(38, 6)) AS strike,
    f.order_id,
    f.event_id,
    f.occurred_at AS filled_at,
    f.session_date,
    CAST(f.held AS DECIMAL(38, 6)) AS quantity,
    CAST(f.price AS DECIMAL(38, 6)) AS price,
    CASE
        WHEN f.held = 0 THEN CAST(0 AS DECIMAL(38, 6))
        ELSE CAST(
            -- Widths that no product can overflow; what does not fit them is unknown.
            TRY_CAST(TRY_CAST(f.held AS DECIMAL(19, 8)) * TRY_CAST(f.price AS DECIMAL(19, 8)) AS DECIMAL(25, 6))
            * TRY_CAST(i.multiplier AS DECIMAL(13, 6)) AS DECIMAL(38, 6)
        )
    END AS value,
    f.currency,
    f.is_last
FROM fills f
JOIN records.runs r USING (run_id)
LEFT JOIN records.instruments i USING (instrument_key)
