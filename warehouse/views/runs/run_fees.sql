-- marts.run_fees: Fees the engine charged a run, added up exactly.
-- Grain: one row per run and currency.
-- run_id, name     the run
-- currency         currency of the fees
-- fee              exact sum as text, every digit that LEAN wrote
-- fee_amount       the same as a number of 18 decimals
-- events_with_fee  events on which a fee was set, an explicit zero included
SELECT
    f.run_id,
    r.name,
    f.currency,
    f.fee_text AS fee,
    f.fee_amount,
    f.events_with_fee
FROM records.run_fees f
JOIN records.runs r USING (run_id)
