-- marts.money_differences: LEAN's own totals of a run beside ours, and why they differ.
-- Grain: one row per run, figure and cause; one row without a cause where the figure ties.
-- run_id, name   the run
-- figure         end_equity; total_fees, runtime_fees; net_profit (runtime); net_profit_percent (statistics);
--                trade_fees (tradeStatistics.totalFees); closed_trades_profit (sum of profitLoss of the closed trades);
--                profit_loss_map (sum of the profitLoss map); winning_trades (isWin against profitLoss above zero)
-- ours           recomputed from order events; null where a multiplier or a settlement is unknown
-- lean           as LEAN's files have it
-- difference     lean - ours
-- cause          dividends, split_fraction, split, margin_interest, cash_set_by_code, closing_estimate, conversion_rate,
--                fee_in_coin, fee_in_other_currency, coins_at_start, last_chart_point, position_outside_events,
--                inherited_holdings, exposure_rounding,
--                settlement_omitted, fee_of_open_position, fee_after_first_fill, closing_fee_twice, daily_settlement,
--                option_in_the_money, too_few_days, statistics_not_made, rounding, unexplained; null: ties
-- amount         the cause's part; the parts add up to the difference
-- note           what the cause rests on
-- basis          of dividends: factor_files (a table of dividends says so) or net_profit (inferred: LEAN's Net Profit has
--                the amount, no order event does, and raw shares were held overnight); null for other causes
SELECT
    f.run_id,
    r.name,
    f.figure,
    CAST(f.ours AS DECIMAL(38, 6)) AS ours,
    CAST(f.lean AS DECIMAL(38, 6)) AS lean,
    CAST(f.difference AS DECIMAL(38, 6)) AS difference,
    d.cause,
    CAST(d.amount AS DECIMAL(38, 6)) AS amount,
    d.note,
    d.basis
FROM derived.money_figures f
JOIN records.runs r USING (run_id)
LEFT JOIN derived.money_differences d USING (run_id, figure)
