-- marts.trade_openings: How each strategy trade came about: what was sold and bought, when it was decided and filled.
-- Grain: one row per strategy trade.
-- run_id, trade_id, strategy, kind  the trade
-- underlying          of its contracts; null: of several
-- contracts           its opening legs in order, each with its side: `+SPY   200117P00295000 -…`; null: the
--                     files do not show how it was opened
-- session_date        New York session of its first opening fill
-- signal_at           first decision or sending of orders for it in the run's journal; null: no journal says
-- created_at          when the engine made the first opening order
-- filled_at           when the last opening order filled
-- is_assigned         whether any of its legs was assigned
-- quantity, credit, profit_loss, fees, ended_by  as in marts.strategy_trades
-- unit_price          opening net cash of one of the strategy; a debit is negative; null: quantity or credit unknown
WITH sides AS (
    SELECT *, CASE WHEN quantity > 0 THEN '+' ELSE '-' END || symbol AS leg FROM marts.trade_orders
),
legs AS (
    SELECT
        run_id,
        trade_id,
        string_agg(DISTINCT leg, ' ' ORDER BY leg) FILTER (WHERE part = 'open' AND quantity <> 0) AS contracts,
        min(session_date) FILTER (WHERE part = 'open') AS session_date,
        min(created_at) FILTER (WHERE part = 'open') AS created_at,
        max(last_fill_at) FILTER (WHERE part = 'open') AS filled_at,
        bool_or(is_assignment) AS is_assigned
    FROM sides
    GROUP BY run_id, trade_id
),
signals AS (
    SELECT
        run_id,
        coalesce(payload ->> '$.trade_id', payload ->> '$.trade') AS trade_id,
        min(occurred_at) AS signal_at
    FROM records.journal_entries
    WHERE kind IN ('decision', 'order_sent') AND run_id IS NOT NULL
    GROUP BY ALL
)
SELECT
    t.run_id,
    t.trade_id,
    t.strategy,
    t.kind,
    t.underlying,
    l.contracts,
    l.session_date,
    s.signal_at,
    l.created_at,
    l.filled_at,
    coalesce(l.is_assigned, false) AS is_assigned,
    CAST(t.quantity AS DECIMAL(38, 6)) AS quantity,
    CAST(t.credit AS DECIMAL(38, 6)) AS credit,
    CAST(t.profit_loss AS DECIMAL(38, 6)) AS profit_loss,
    CAST(t.fees AS DECIMAL(38, 6)) AS fees,
    t.ended_by,
    CAST(CAST(t.credit AS DOUBLE) / nullif(CAST(t.quantity AS DOUBLE), 0) AS DECIMAL(38, 6)) AS unit_price
FROM derived.strategy_trades t
LEFT JOIN legs l USING (run_id, trade_id)
LEFT JOIN signals s USING (run_id, trade_id)
