-- marts.run_money: Cash of every run, recomputed from its order events, and whether it ties to LEAN's equity.
-- Grain: one row per run and currency; the account's currency has the identity, others their own flows and fees.
-- run_id, name          the run
-- mode                  backtest, paper, live, optimization
-- currency              the currency of the amounts
-- is_account_currency   whether it is the account's
-- start_equity          LEAN's start
-- flows                 cash of trades and deliveries; of futures the value that was traded
-- settlement            cash of options settled in cash
-- fees                  costs, positive
-- marks                 value of what is open at the end
-- marks_source          flat; holdings (runtime Holdings, one side only); live_holdings (prices of the status file); of
--                       positions on both sides net_profit (runtime Equity less start less Net Profit plus cost, with
--                       nothing to check it), net_profit_and_exposure (the Exposure chart agrees within the rounding of
--                       its ratios), exposure (it does not, and its ratios value the positions); unknown
-- end_ours              start_equity + flows + settlement - fees + marks
-- end_lean              LEAN's End Equity
-- difference            end_lean - end_ours
-- unexplained           what no cause in marts.money_differences names
-- state                 ties (to the cent), explained, unexplained, unknown (a figure is missing), incomplete (the run is
--                       not whole)
SELECT
    m.run_id,
    r.name,
    r.mode,
    m.currency,
    m.is_account_currency,
    CAST(m.start_equity AS DECIMAL(38, 6)) AS start_equity,
    CAST(m.flows AS DECIMAL(38, 6)) AS flows,
    CAST(m.settlement AS DECIMAL(38, 6)) AS settlement,
    CAST(m.fees AS DECIMAL(38, 6)) AS fees,
    CAST(m.marks AS DECIMAL(38, 6)) AS marks,
    m.marks_source,
    CAST(m.end_ours AS DECIMAL(38, 6)) AS end_ours,
    CAST(m.end_lean AS DECIMAL(38, 6)) AS end_lean,
    CAST(m.difference AS DECIMAL(38, 6)) AS difference,
    CAST(m.unexplained AS DECIMAL(38, 6)) AS unexplained,
    m.state
FROM derived.run_money m
JOIN records.runs r USING (run_id)
