-- marts.trade_chains: Chains of strategy trades that continue one another: rolls, covered calls on assigned shares.
-- Grain: one row per chain of two trades or more.
-- run_id, chain_id      the first trade
-- strategy, underlying  of the first trade
-- trades                how many
-- rolls                 how many of them were rolled into
-- trade_ids             in order, separated by blanks
-- labels                what each is called, in order, separated by ` > `
-- opened_at             of the first
-- closed_at             of the last; null while any is open
-- ended_by              of the last trade, or open
-- credit                sum of the opening credits; null where one is unknown
-- profit_loss           sum, gross of fees; null while any is unknown
-- fees                  sum; null where currencies differ
-- days_held             calendar days from the first opening to the last end
SELECT
    chain_run_id AS run_id,
    chain_id,
    arg_min(strategy, chain_position) AS strategy,
    arg_min(underlying, chain_position) AS underlying,
    count(*) AS trades,
    count(*) FILTER (WHERE link = 'roll') AS rolls,
    string_agg(trade_id, ' ' ORDER BY chain_position, trade_id) AS trade_ids,
    string_agg(label, ' > ' ORDER BY chain_position, trade_id) AS labels,
    min(opened_at) AS opened_at,
    CASE WHEN count(closed_at) = count(*) THEN max(closed_at) END AS closed_at,
    CASE WHEN count(closed_at) = count(*) THEN arg_max(ended_by, chain_position) ELSE 'open' END AS ended_by,
    CAST(CASE WHEN count(credit) = count(*) THEN sum(credit) END AS DECIMAL(38, 6)) AS credit,
    CAST(CASE WHEN count(profit_loss) = count(*) THEN sum(profit_loss) END AS DECIMAL(38, 6)) AS profit_loss,
    CAST(CASE WHEN count(fees) = count(*) THEN sum(fees) END AS DECIMAL(38, 6)) AS fees,
    CAST(CASE WHEN count(closed_at) = count(*)
        THEN date_diff('second', min(opened_at), max(closed_at)) / 86400.0 END AS DECIMAL(38, 4)) AS days_held
FROM derived.strategy_trades
GROUP BY chain_run_id, chain_id
HAVING count(*) > 1
