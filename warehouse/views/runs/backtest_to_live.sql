-- marts.backtest_to_live: Each strategy trade of a live or paper run beside the backtest's trade of the same idea.
-- Grain: one row per live or paper run, backtest and pair of trades; a trade without a partner is a row of its own.
-- Compared are runs that have a strategy in common and a session of the live run within the backtest's period; only
-- trades opened in sessions that both ran. How trades are paired: marts.pair_trades. Differences are live less backtest.
-- live_run_id, live_name, backtest_run_id, backtest_name  the runs
-- matched                          same_contracts, same_kind, only_live, only_backtest
-- strategy, kind, underlying, session_date  of the trades; the session in which they opened
-- live_trade_id, backtest_trade_id  their ids
-- live_contracts, backtest_contracts  opening legs with their sides
-- live_signal_at, backtest_signal_at  first decision, as the journal says
-- live_created_at, backtest_created_at  when the engine made the first opening order
-- live_filled_at, backtest_filled_at  when the last opening order filled
-- fill_delay_seconds               how much later the live trade filled
-- live_quantity, backtest_quantity  how many of the strategy
-- live_price, backtest_price       opening net cash of one of the strategy; a debit is negative
-- price_difference                 positive: live was better
-- live_fees, backtest_fees, fee_difference
-- live_ended_by, backtest_ended_by
-- live_is_assigned, backtest_is_assigned  whether a leg was assigned
-- live_profit_loss, backtest_profit_loss, profit_loss_difference  gross of fees; null while open
WITH live_days AS (
    SELECT
        run_id,
        name,
        CAST(timezone('America/New_York', started_at) AS DATE) AS first_day,
        CAST(timezone('America/New_York', coalesce(ended_at, newest_at)) AS DATE) AS last_day
    FROM records.runs
    WHERE mode IN ('live', 'paper')
),
pairs AS (
    SELECT
        l.run_id AS live_run_id,
        b.run_id AS backtest_run_id,
        l.name AS live_name,
        b.name AS backtest_name,
        greatest(l.first_day, b.period_start) AS first_day,
        least(l.last_day, b.period_end) AS last_day
    FROM live_days l
    JOIN records.runs b
        ON b.mode IN ('backtest', 'optimization') AND b.period_start <= l.last_day AND b.period_end >= l.first_day
    WHERE EXISTS (
        SELECT 1
        FROM derived.strategy_trades x
        JOIN derived.strategy_trades y ON y.strategy = x.strategy
        WHERE x.run_id = l.run_id AND y.run_id = b.run_id
    )
),
paired AS (
    SELECT p.*, m.*
    FROM pairs p, LATERAL (SELECT * FROM marts.pair_trades(p.live_run_id, p.backtest_run_id)) m
    WHERE m.session_date BETWEEN p.first_day AND p.last_day
)
SELECT
    p.live_run_id,
    p.live_name,
    p.backtest_run_id,
    p.backtest_name,
    CASE p.matched WHEN 'only_a' THEN 'only_live' WHEN 'only_b' THEN 'only_backtest' ELSE p.matched END AS matched,
    p.strategy,
    p.kind,
    p.underlying,
    p.session_date,
    p.trade_a AS live_trade_id,
    p.trade_b AS backtest_trade_id,
    a.contracts AS live_contracts,
    b.contracts AS backtest_contracts,
    a.signal_at AS live_signal_at,
    b.signal_at AS backtest_signal_at,
    a.created_at AS live_created_at,
    b.created_at AS backtest_created_at,
    a.filled_at AS live_filled_at,
    b.filled_at AS backtest_filled_at,
    epoch(a.filled_at - b.filled_at) AS fill_delay_seconds,
    a.quantity AS live_quantity,
    b.quantity AS backtest_quantity,
    a.unit_price AS live_price,
    b.unit_price AS backtest_price,
    a.unit_price - b.unit_price AS price_difference,
    a.fees AS live_fees,
    b.fees AS backtest_fees,
    a.fees - b.fees AS fee_difference,
    a.ended_by AS live_ended_by,
    b.ended_by AS backtest_ended_by,
    a.is_assigned AS live_is_assigned,
    b.is_assigned AS backtest_is_assigned,
    a.profit_loss AS live_profit_loss,
    b.profit_loss AS backtest_profit_loss,
    a.profit_loss - b.profit_loss AS profit_loss_difference
FROM paired p
LEFT JOIN marts.trade_openings a ON a.run_id = p.live_run_id AND a.trade_id = p.trade_a
LEFT JOIN marts.trade_openings b ON b.run_id = p.backtest_run_id AND b.trade_id = p.trade_b
