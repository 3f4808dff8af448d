-- marts.rule_violations: breaches of rules in what was really traded by runs of the algorithm. It should be empty.
-- Grain: one row per breach.
-- rule_id      the rule
-- run_id       the run
-- trade_id     the trade that broke it
-- happened_at  UTC
-- detail       what was found, in words
WITH closings AS (
    -- When the first closing order of a trade was filled: of a 1-1-2 that takes the naked puts, and leaves the hedge.
    SELECT o.run_id, o.trade_id, min(f.filled_at) AS first_closed_at
    FROM marts.orders o
    JOIN marts.fills f ON f.run_id = o.run_id AND f.order_id = o.order_id
    WHERE o.strategy = 'one_one_two' AND o.tag LIKE '%|close:%'
    GROUP BY ALL
),
calls AS (
    -- 1-1-2 trades that are call spreads against another one.
    SELECT run_id, trade_id
    FROM marts.trade_legs
    WHERE strategy = 'one_one_two'
    GROUP BY ALL
    HAVING bool_and(coalesce(call_put, '') = 'C')
),
trades AS (
    SELECT
        t.run_id,
        t.trade_id,
        t.strategy,
        t.kind,
        t.side,
        t.opened_at,
        coalesce(t.closed_at, TIMESTAMPTZ '9999-12-31') AS ended_at,
        least(ended_at, coalesce(c.first_closed_at, ended_at)) AS counted_until,
        CASE WHEN w.trade_id IS NOT NULL THEN 'calls' ELSE '' END AS part,
        t.ended_by,
        t.underlying,
        coalesce(g.group_name, t.underlying) AS group_name,
        g.never_trade,
        CAST(timezone('America/New_York', t.opened_at) AS DATE) + CAST(t.days_to_expiry AS INTEGER) AS expiry,
        CASE
            WHEN t.strategy = 'insurance_puts' THEN 'hedge'
            WHEN t.strategy = 'ipmcc' AND t.side = 'credit' THEN 'covered'
            WHEN t.strategy = 'ipmcc' THEN 'long'
            ELSE 'short'
        END AS stance
    FROM marts.strategy_trades t
    JOIN (SELECT DISTINCT run_id FROM marts.run_rule_values) r USING (run_id)
    LEFT JOIN ops.product_groups g ON g.symbol = t.underlying
    LEFT JOIN closings c ON c.run_id = t.run_id AND c.trade_id = t.trade_id
    LEFT JOIN calls w ON w.run_id = t.run_id AND w.trade_id = t.trade_id
    WHERE t.opened_at IS NOT NULL
        AND t.strategy IN ('friday0dte', 'one_one_two', 'strangle', 'ipmcc', 'leap_ladder', 'insurance_puts', 'high_vix_puts')
),
counted AS (
    SELECT * FROM trades WHERE stance IN ('short', 'long')
),
beside AS (
    -- Each trade with those that were alive when it was opened.
    SELECT
        t.run_id,
        t.trade_id,
        t.opened_at,
        t.stance,
        t.group_name,
        count(*) FILTER (o.group_name = t.group_name) AS in_group,
        count(*) FILTER (o.group_name IN ('A1', 'A2') AND t.group_name IN ('A1', 'A2')) AS in_equities,
        count(*) FILTER (o.stance = 'short' AND t.stance = 'short') AS shorts,
        count(*) FILTER (o.stance = 'short' AND t.stance = 'short' AND o.group_name = t.group_name AND o.expiry = t.expiry)
            AS at_expiry
    FROM counted t
    JOIN counted o
        ON o.run_id = t.run_id AND o.counted_until > t.opened_at
        AND (o.opened_at, o.trade_id) < (t.opened_at, t.trade_id)
    GROUP BY ALL
),
own AS (
    SELECT t.run_id, t.trade_id, t.opened_at, t.strategy, t.side, t.underlying, count(*) AS others
    FROM trades t
    JOIN trades o
        ON o.run_id = t.run_id AND o.strategy = t.strategy AND o.underlying = t.underlying AND o.side = t.side
        AND o.part = t.part
        AND o.ended_at > t.opened_at AND (o.opened_at, o.trade_id) < (t.opened_at, t.trade_id)
    GROUP BY ALL
),
openings AS (
    SELECT
        run_id,
        payload ->> '$.trade_id' AS trade_id,
        payload ->> '$.strategy' AS strategy,
        occurred_at,
        CAST(timezone('America/New_York', occurred_at) AS TIME) AS clock,
        dayname(CAST(timezone('America/New_York', occurred_at) AS DATE)) AS weekday,
        try_cast(payload ->> '$.inputs.planned_loss' AS DECIMAL(18, 2)) AS planned_loss,
        try_cast(payload ->> '$.inputs.equity' AS DECIMAL(18, 2)) AS equity,
        try_cast(payload ->> '$.inputs.margin_used' AS DECIMAL(18, 2)) AS margin_used
    FROM records.journal_entries
    WHERE kind = 'decision' AND dialect = 'tomking-1' AND run_id IS NOT NULL AND (payload ->> '$.action') = 'open'
),
exceptions AS (
    SELECT DISTINCT run_id, payload ->> '$.trade_id' AS trade_id
    FROM records.journal_entries
    WHERE kind = 'decision' AND dialect = 'tomking-1' AND (payload ->> '$.action') = 'exception'
),
short_legs AS (
    SELECT
        l.run_id,
        l.trade_id,
        t.strategy,
        l.instrument_key,
        l.expiry,
        t.opened_at,
        CAST(timezone('America/New_York', t.opened_at) AS DATE) AS opened_on,
        (
            SELECT max(f.session_date)
            FROM derived.trade_fills p
            JOIN marts.fills f
                ON f.run_id = p.run_id AND f.order_id = p.order_id AND f.event_id = p.event_id
            WHERE p.trade_run_id = l.run_id AND p.trade_id = l.trade_id AND f.instrument_key = l.instrument_key
                AND p.quantity > 0
        ) AS left_on
    FROM marts.trade_legs l
    JOIN trades t ON t.run_id = l.run_id AND t.trade_id = l.trade_id
    WHERE l.quantity < 0 AND l.expiry IS NOT NULL AND t.part = ''
),
values_of AS (
    SELECT run_id, parameter_id, value FROM marts.run_rule_values
)
SELECT 'never_trade' AS rule_id, run_id, trade_id, opened_at AS happened_at, underlying || ': ' || never_trade AS detail
FROM trades
WHERE never_trade IS NOT NULL
UNION ALL
SELECT 'group_positions', run_id, trade_id, opened_at, in_group || ' others in ' || group_name
FROM beside
WHERE in_group >= 3
UNION ALL
SELECT 'joint_groups', run_id, trade_id, opened_at, in_equities || ' others in A1 and A2'
FROM beside
WHERE in_equities >= 3
UNION ALL
SELECT 'short_volatility', run_id, trade_id, opened_at, shorts || ' other short-volatility trades'
FROM beside
WHERE shorts >= 5
UNION ALL
SELECT 'same_expiry', run_id, trade_id, opened_at, at_expiry || ' others of ' || group_name || ' at this expiry'
FROM beside
WHERE at_expiry >= 1
UNION ALL
SELECT 'max_open', o.run_id, o.trade_id, o.opened_at, o.others || ' others of ' || o.strategy || ' in ' || o.underlying
FROM own o
JOIN values_of v ON v.run_id = o.run_id AND v.parameter_id = o.strategy || '.max_open'
WHERE o.others >= try_cast(v.value AS INTEGER)
UNION ALL
SELECT 'naked_call', run_id, trade_id, opened_at, 'a call sold alone'
FROM trades t
WHERE kind = 'single' AND side = 'credit' AND stance = 'short'
    AND EXISTS (
        SELECT 1 FROM marts.trade_legs l
        WHERE l.run_id = t.run_id AND l.trade_id = t.trade_id AND l.call_put = 'C' AND l.quantity < 0
    )
UNION ALL
SELECT 'risk_per_trade', o.run_id, o.trade_id, o.occurred_at, 'planned loss ' || o.planned_loss || ' of ' || o.equity
FROM openings o
JOIN values_of v ON v.run_id = o.run_id AND v.parameter_id = 'limits.risk_per_trade'
WHERE o.planned_loss > try_cast(v.value AS DECIMAL(18, 6)) * o.equity
UNION ALL
SELECT 'reserve', o.run_id, o.trade_id, o.occurred_at, 'margin ' || o.margin_used || ' of ' || o.equity || ' in use'
FROM openings o
JOIN values_of v ON v.run_id = o.run_id AND v.parameter_id = 'limits.reserve_share'
WHERE o.strategy NOT IN ('insurance_puts', 'ipmcc') AND o.margin_used > (1 - try_cast(v.value AS DECIMAL(18, 6))) * o.equity
UNION ALL
SELECT 'margin_breaker', o.run_id, o.trade_id, o.occurred_at, 'margin ' || o.margin_used || ' of ' || o.equity || ' in use'
FROM openings o
JOIN values_of v ON v.run_id = o.run_id AND v.parameter_id = 'limits.margin_calm'
WHERE o.strategy NOT IN ('insurance_puts', 'ipmcc') AND o.margin_used >= try_cast(v.value AS DECIMAL(18, 6)) * o.equity
UNION ALL
SELECT 'entry_hours', o.run_id, o.trade_id, o.occurred_at, o.strategy || ' at ' || o.clock || ' in New York'
FROM openings o
JOIN values_of f ON f.run_id = o.run_id AND f.parameter_id = o.strategy || '.entry_from'
JOIN values_of u ON u.run_id = o.run_id AND u.parameter_id = o.strategy || '.entry_until'
WHERE o.clock < try_cast(f.value || ':00' AS TIME) OR o.clock > try_cast(u.value || ':00' AS TIME)
UNION ALL
SELECT 'entry_days', run_id, trade_id, occurred_at, 'opened on a ' || weekday
FROM openings
WHERE strategy = 'friday0dte' AND weekday NOT IN ('Thursday', 'Friday')
UNION ALL
SELECT
    'exit_dte', s.run_id, s.trade_id, s.opened_at,
    s.instrument_key || ' alive ' || CAST(s.expiry - coalesce(s.left_on, s.expiry) AS INTEGER) || ' days before expiry'
FROM short_legs s
JOIN values_of v ON v.run_id = s.run_id AND v.parameter_id = s.strategy || '.exit_dte'
WHERE s.strategy IN ('strangle', 'one_one_two', 'high_vix_puts')
    AND CAST(s.expiry - s.opened_on AS INTEGER) >= try_cast(v.value AS INTEGER)
    AND s.left_on > s.expiry - try_cast(v.value AS INTEGER)
    AND (s.run_id, s.trade_id) NOT IN (SELECT (e.run_id, e.trade_id) FROM exceptions e)
UNION ALL
SELECT 'profit_target', run_id, trade_id, closed_at, 'reached its target and was never asked to close'
FROM marts.trade_exits
WHERE missed_target
UNION ALL
SELECT 'insurance_off', t.run_id, t.trade_id, t.opened_at, 'insurance bought though it is off'
FROM trades t
JOIN values_of v ON v.run_id = t.run_id AND v.parameter_id = 'insurance_puts.enabled'
WHERE t.strategy = 'insurance_puts' AND v.value = 'false'
UNION ALL
SELECT 'high_vix_off', t.run_id, t.trade_id, t.opened_at, 'puts sold because VIX is high though that is off'
FROM trades t
JOIN values_of v ON v.run_id = t.run_id AND v.parameter_id = 'high_vix_puts.enabled'
WHERE t.strategy = 'high_vix_puts' AND v.value = 'false'
UNION ALL
SELECT 'one_one_two_calls', t.run_id, t.trade_id, t.opened_at, 'calls sold against a 1-1-2 though that is off'
FROM trades t
JOIN values_of v ON v.run_id = t.run_id AND v.parameter_id = 'one_one_two.weekly_calls'
WHERE t.part = 'calls' AND v.value = 'false'
UNION ALL
SELECT 'roll', run_id, trade_id, min(created_at), 'more sold than bought back: ' || sum(quantity)
FROM marts.orders
WHERE tag LIKE '%|roll:%' AND status = 'filled' AND run_id IN (SELECT run_id FROM values_of)
GROUP BY run_id, trade_id, coalesce(group_id, order_id)
HAVING sum(quantity) < 0
UNION ALL
SELECT 'fresh_inputs', run_id, trade_id, decided_at, kind || ' of ' || age_seconds || ' s, ' || limit_seconds || ' allowed'
FROM marts.stale_decisions
