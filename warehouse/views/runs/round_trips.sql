-- marts.round_trips: Every lot that was opened and closed, first in first out, per contract.
-- Grain: one row per run and lot.
-- run_id, name      the run
-- lot               1 to n in the order of closing
-- instrument_key    the key shared with brokers
-- entry_order_id    null: held before the first fill of the run
-- exit_order_id     the order that closed it
-- opened_at, closed_at  UTC
-- quantity          signed as it was held
-- entry_price       price of a unit; after a split of shares at raw prices, rescaled
-- exit_price        of an option settled in cash its intrinsic value, of one that delivered 0
-- profit_loss       gross of fees, in the quote currency; null: multiplier, entry or settlement unknown
-- fees              its part of the fees of both orders, as charged
-- entry_source      fill; of what the run inherited: live_holdings (average price of LEAN's status file),
--                   lean_profit_loss (made from its profitLoss map), unknown
-- ended_by          trade, expiry, exercise, assignment, delivery, delisting
SELECT
    l.run_id,
    r.name,
    l.lot,
    l.instrument_key,
    l.entry_order_id,
    l.exit_order_id,
    l.opened_at,
    l.closed_at,
    CAST(l.quantity AS DECIMAL(38, 6)) AS quantity,
    CAST(l.entry_price AS DECIMAL(38, 6)) AS entry_price,
    CAST(l.exit_price AS DECIMAL(38, 6)) AS exit_price,
    CAST(l.profit_loss AS DECIMAL(38, 6)) AS profit_loss,
    CAST(l.fees AS DECIMAL(38, 6)) AS fees,
    l.entry_source,
    l.ended_by
FROM derived.lots l
JOIN records.runs r USING (run_id)
