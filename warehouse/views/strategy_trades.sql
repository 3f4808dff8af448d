-- marts.strategy_trades: Strategy trades: all legs from opening to the end, whatever ended it.
-- Grain: one row per strategy trade.
-- run_id, name          the run
-- trade_id              from the tag, or g and the group's id
-- strategy              from the tag, or untagged
-- kind                  single, vertical, calendar, straddle, strangle, butterfly, iron_butterfly, iron_condor, 112,
--                       covered, custom, unknown
-- side                  credit or debit by its legs, else by its cash; unknown
-- quantity              how many of the strategy
-- opened_at, closed_at  UTC; closed_at is null while open
-- ended_by              open, closed, expired, assigned, cash_settled, margin_call, rolled
-- credit                opening net cash; a debit is negative
-- profit_loss           gross of fees; null where it is not certain: open, opened by an earlier deployment,
--                       delivered shares still held, multiplier or settlement price unknown
-- fees                  beside it; null where currencies differ
-- days_held             calendar days
SELECT
    t.run_id,
    r.name,
    t.trade_id,
    t.strategy,
    t.kind,
    t.side,
    CAST(t.quantity AS DECIMAL(38, 6)) AS quantity,
    t.opened_at,
    t.closed_at,
    t.ended_by,
    CAST(t.credit AS DECIMAL(38, 6)) AS credit,
    CAST(t.profit_loss AS DECIMAL(38, 6)) AS profit_loss,
    CAST(t.fees AS DECIMAL(38, 6)) AS fees,
    CAST(t.days_held AS DECIMAL(38, 4)) AS days_held
FROM derived.strategy_trades t
JOIN records.runs r USING (run_id)
