-- marts.trade_exits: how trades of the algorithm ended: what was captured, why, and how long the exit took.
-- Grain: one row per strategy trade whose strategy has a profit target.
-- run_id, trade_id, strategy, label  the trade
-- ended_by            open, closed, expired, assigned, cash_settled, margin_call, rolled
-- credit, profit_loss, captured_share  as in marts.strategy_trades
-- target_share        the share of the credit at which the strategy closes
-- mfe_share           most profit while open as a share of the credit; null where it is not exact
-- exit_reason         of the last closing order: target, stop, dte, ...; null: none was sent
-- exit_asked_at       when a closing order was first sent, UTC
-- closed_at           UTC
-- exit_minutes        from the first closing order to the end; null while open or where none was sent
-- missed_target       whether the trade was seen at its target and no closing order was ever sent
WITH targets (strategy, parameter_id) AS (
    VALUES
        ('strangle', 'strangle.target_share'),
        ('one_one_two', 'one_one_two.target_share'),
        ('friday0dte', 'friday0dte.target_share'),
        ('leap_ladder', 'leap_ladder.target_share'),
        ('high_vix_puts', 'high_vix_puts.target_share')
),
asked AS (
    SELECT
        run_id,
        payload ->> '$.trade_id' AS trade_id,
        min(occurred_at) AS exit_asked_at,
        arg_max(replace(payload ->> '$.action', 'close:', ''), occurred_at) AS exit_reason
    FROM records.journal_entries
    WHERE kind = 'order_sent' AND dialect = 'tomking-1' AND (payload ->> '$.action') LIKE 'close:%'
    GROUP BY ALL
)
SELECT
    t.run_id,
    t.trade_id,
    t.strategy,
    t.label,
    t.ended_by,
    t.credit,
    t.profit_loss,
    t.captured_share,
    try_cast(v.value AS DECIMAL(18, 6)) AS target_share,
    CASE WHEN t.excursion_basis IN ('quotes', 'closed_trade') AND t.credit > 0 THEN t.mfe / t.credit END AS mfe_share,
    a.exit_reason,
    a.exit_asked_at,
    t.closed_at,
    CASE WHEN a.exit_asked_at <= t.closed_at THEN date_diff('minute', a.exit_asked_at, t.closed_at) END AS exit_minutes,
    coalesce(
        a.exit_asked_at IS NULL AND t.ended_by <> 'margin_call' AND t.excursion_basis IN ('quotes', 'closed_trade')
        AND t.credit > 0 AND t.mfe >= try_cast(v.value AS DECIMAL(18, 6)) * t.credit AND t.strategy <> 'one_one_two',
        false
    ) AS missed_target
FROM marts.strategy_trades t
JOIN targets g USING (strategy)
LEFT JOIN marts.run_rule_values v ON v.run_id = t.run_id AND v.parameter_id = g.parameter_id
LEFT JOIN asked a ON a.run_id = t.run_id AND a.trade_id = t.trade_id
