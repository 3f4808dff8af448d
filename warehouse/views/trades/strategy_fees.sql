-- marts.strategy_fees: Fees by strategy; the sum over a run's strategies is the run's total.
-- Grain: one row per run, strategy and currency.
-- run_id, name      the run in which the fees were charged
-- strategy          from the tag, or untagged
-- currency          of the fees
-- fee               sum, exact to 18 places; each fill's fee counts in one trade
-- trades            how many trades paid it
-- fills             how many events carry a fee, zero fees included
SELECT
    e.run_id,
    r.name,
    coalesce(t.strategy, 'untagged') AS strategy,
    e.fee_currency AS currency,
    sum(e.fee_amount) AS fee,
    count(DISTINCT (t.run_id, t.trade_id)) AS trades,
    count(*) AS fills
FROM records.order_events e
JOIN records.runs r USING (run_id)
LEFT JOIN derived.trade_fills f
    ON f.run_id = e.run_id AND f.order_id = e.order_id AND f.event_id = e.event_id AND f.pays_fee
-- A fee on an event that filled nothing goes where the order belongs.
LEFT JOIN derived.trade_orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
LEFT JOIN derived.strategy_trades t
    ON t.run_id = coalesce(f.trade_run_id, o.trade_run_id) AND t.trade_id = coalesce(f.trade_id, o.trade_id)
WHERE e.fee_amount IS NOT NULL AND e.fee_currency IS NOT NULL
GROUP BY e.run_id, r.name, coalesce(t.strategy, 'untagged'), e.fee_currency
