-- marts.profit_loss: Profit and loss of every instrument a run traded, recomputed from its order events.
-- Grain: one row per run and instrument.
-- run_id, name        the run
-- instrument_key      the key shared with brokers
-- underlying, security_type  of the instrument
-- currency            its quote currency: that of every amount here
-- multiplier          units per contract; null: unknown, and then is the money
-- multiplier_source   product, symbol_properties (LEAN's data folder), closed_trades (implied by LEAN's own), unknown
-- fills               fills of the run
-- bought, sold        quantities
-- flows               cash of trades and deliveries; of futures the value that was traded
-- settlement          cash of options settled in cash
-- realised            profit of what was closed, first in first out, gross of fees
-- realised_average    the same at average cost
-- fees                where all are in the quote currency; null otherwise
-- fees_by_currency    exact, as JSON
-- net                 realised less fees
-- open_quantity       position at the end
-- unrealised          of the open position, where its price is known; 0 where flat
SELECT
    p.run_id,
    r.name,
    p.instrument_key,
    i.underlying,
    i.security_type,
    p.currency,
    CAST(p.multiplier AS DECIMAL(38, 6)) AS multiplier,
    p.multiplier_source,
    p.fills,
    CAST(p.bought AS DECIMAL(38, 6)) AS bought,
    CAST(p.sold AS DECIMAL(38, 6)) AS sold,
    CAST(p.flows AS DECIMAL(38, 6)) AS flows,
    CAST(p.settlement AS DECIMAL(38, 6)) AS settlement,
    CAST(p.realised_fifo AS DECIMAL(38, 6)) AS realised,
    CAST(p.realised_average AS DECIMAL(38, 6)) AS realised_average,
    CAST(p.fees AS DECIMAL(38, 6)) AS fees,
    p.fees_text AS fees_by_currency,
    CAST(p.realised_fifo - p.fees AS DECIMAL(38, 6)) AS net,
    CAST(p.open_quantity AS DECIMAL(38, 6)) AS open_quantity,
    CASE WHEN p.open_quantity = 0 THEN 0 ELSE CAST(o.unrealised AS DECIMAL(38, 6)) END AS unrealised
FROM derived.instrument_profit p
JOIN records.runs r USING (run_id)
LEFT JOIN records.instruments i USING (instrument_key)
LEFT JOIN derived.positions o USING (run_id, instrument_key)
