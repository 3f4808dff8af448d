"""The SQL that the accounting of runs reads, each over a list of run ids.

Holds: queries over records, with sums done by the database where only sums are needed.
Belongs here: a further column the accounting needs.
Never here: Python that interprets rows (`accounting_inputs`).
"""

from __future__ import annotations

_RUNS_WANTED = "run_id IN (SELECT unnest($1::VARCHAR[]))"

SIZES = f"""
SELECT r.run_id, coalesce(e.events, 0)
FROM records.runs r
LEFT JOIN (SELECT run_id, count(*) AS events FROM records.order_events GROUP BY run_id) e USING (run_id)
WHERE {_RUNS_WANTED}
ORDER BY r.run_id
"""

RUNS = f"""
SELECT run_id, mode, period_end, is_complete, account_currency, start_equity, end_equity
FROM records.runs
WHERE {_RUNS_WANTED}
ORDER BY run_id
"""

STATISTICS = f"""
SELECT run_id, section, name, value_number
FROM records.run_statistics
WHERE {_RUNS_WANTED} AND section IN ('statistics', 'runtime', 'trade', 'portfolio')
  AND name IN ('Equity', 'Holdings', 'Net Profit', 'Unrealized', 'Fees', 'Total Fees', 'totalFees', 'endEquity')
"""

EVENTS = f"""
WITH delivering AS (
    SELECT DISTINCT run_id, order_id FROM records.order_events WHERE {_RUNS_WANTED} AND kind = 'delivery'
)
SELECT e.run_id, e.instrument_key, e.order_id, e.event_id, e.occurred_at, e.session_date, e.kind,
       e.fill_quantity_text, e.fill_price_text, e.fee_text, e.fee_currency,
       CASE WHEN e.kind IN ('expiry', 'exercise', 'assignment') THEN e.message END,
       d.order_id IS NOT NULL AND e.kind <> 'delivery', o.price_adjustment_mode
FROM records.order_events e
LEFT JOIN delivering d ON d.run_id = e.run_id AND d.order_id = e.order_id
LEFT JOIN records.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
WHERE e.run_id IN (SELECT unnest($1::VARCHAR[])) AND (e.fill_quantity <> 0 OR e.fee_amount IS NOT NULL)
ORDER BY e.run_id, e.occurred_at, e.order_id, e.event_id
"""

LISTINGS = """
WITH traded AS (
    SELECT e.run_id, e.instrument_key, any_value(e.symbol_id) AS symbol_id,
           any_value(coalesce(nullif(e.fill_price_currency, ''),
                              CASE WHEN o.instrument_key = e.instrument_key THEN o.price_currency END)) AS priced_in,
           min(e.session_date) FILTER (WHERE o.price_adjustment_mode IN ('raw', 'scaled_raw')) AS raw_since
    FROM records.order_events e
    LEFT JOIN records.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
    WHERE e.run_id IN (SELECT unnest($1::VARCHAR[])) AND (e.fill_quantity <> 0 OR e.fee_amount IS NOT NULL)
    GROUP BY e.run_id, e.instrument_key
)
SELECT t.run_id, t.instrument_key, t.symbol_id, i.security_type, i.ticker, i.root, i.multiplier, i.strike, i.call_put,
       t.priced_in, t.raw_since
FROM traded t
JOIN records.instruments i USING (instrument_key)
ORDER BY t.run_id, t.instrument_key
"""

ORDER_FEES = f"""
WITH fees AS (
    SELECT run_id, order_id, coalesce(sum(fee_amount), 0) AS fee,
           coalesce(arg_min(coalesce(fee_amount, 0), event_id) FILTER (WHERE fill_quantity <> 0), 0) AS on_first_fill
    FROM records.order_events
    WHERE {_RUNS_WANTED} AND (fill_quantity <> 0 OR fee_amount IS NOT NULL)
    GROUP BY run_id, order_id
),
used AS (
    SELECT DISTINCT run_id, unnest(from_json(order_ids, '["BIGINT"]')) AS order_id
    FROM records.closed_trades
    WHERE {_RUNS_WANTED}
)
SELECT f.run_id, sum(f.fee), coalesce(sum(f.fee) FILTER (WHERE u.order_id IS NULL), 0),
       coalesce(sum(f.fee - f.on_first_fill) FILTER (WHERE u.order_id IS NOT NULL), 0)
FROM fees f
LEFT JOIN used u USING (run_id, order_id)
GROUP BY f.run_id
"""

TRADES = f"""
WITH listed AS (
    SELECT run_id, sum(profit_loss) AS profit_loss, count(*) AS trades, bool_or(order_ids <> '[]') AS names_orders,
           CASE WHEN count(is_win) = count(*) THEN count(*) FILTER (WHERE is_win) END AS wins,
           count(*) FILTER (WHERE profit_loss > 0) AS gains,
           count(*) FILTER (WHERE is_win AND profit_loss <= 0 AND contains(symbol_id, '|'))
           - count(*) FILTER (WHERE NOT is_win AND profit_loss > 0 AND contains(symbol_id, '|')) AS odd_option_wins
    FROM records.closed_trades
    WHERE {_RUNS_WANTED}
    GROUP BY run_id
),
booked AS (SELECT run_id, sum(amount) AS booked FROM records.profit_loss WHERE {_RUNS_WANTED} GROUP BY run_id)
SELECT r.run_id, coalesce(l.profit_loss, 0), coalesce(l.trades, 0), coalesce(l.names_orders, false), l.wins,
       coalesce(l.gains, 0), coalesce(l.odd_option_wins, 0), coalesce(b.booked, 0)
FROM records.runs r
LEFT JOIN listed l USING (run_id)
LEFT JOIN booked b USING (run_id)
WHERE r.run_id IN (SELECT unnest($1::VARCHAR[]))
"""

TRADE_EVIDENCE = """
SELECT CASE direction WHEN 'long' THEN exit_price - entry_price ELSE entry_price - exit_price END, quantity, profit_loss
FROM records.closed_trades
WHERE run_id = $1 AND symbol_id = $2
"""

RESCALED = """
SELECT t.run_id, e.instrument_key, t.entry_price, e.fill_price, coalesce(x.session_date, CAST(t.exit_at AS DATE))
FROM records.closed_trades t
JOIN records.order_events e ON e.run_id = t.run_id AND e.symbol_id = t.symbol_id AND e.occurred_at = t.entry_at
LEFT JOIN records.order_events x ON x.run_id = t.run_id AND x.symbol_id = t.symbol_id AND x.occurred_at = t.exit_at
  AND x.fill_quantity <> 0
WHERE t.run_id IN (SELECT unnest($1::VARCHAR[])) AND NOT contains(t.symbol_id, '|')
  AND e.fill_quantity <> 0 AND e.fill_price <> 0
  AND abs(CAST(t.entry_price AS DOUBLE) / CAST(e.fill_price AS DOUBLE) - 1) > 0.01
  AND NOT EXISTS (
      SELECT 1 FROM records.order_events same
      WHERE same.run_id = t.run_id AND same.symbol_id = t.symbol_id AND same.occurred_at = t.entry_at
        AND same.fill_price = t.entry_price
  )
"""

BOOKED = f"""
SELECT run_id, amount
FROM records.profit_loss
WHERE {_RUNS_WANTED} AND run_id IN (SELECT run_id FROM records.runs WHERE mode IN ('live', 'paper'))
ORDER BY run_id, booked_at, position
"""

HOLDINGS = f"""
SELECT run_id, instrument_key, quantity, average_price, price, market_value
FROM records.holdings
WHERE {_RUNS_WANTED}
"""

ACTIONS = "SELECT symbol, session_date, kind, amount FROM records.corporate_actions ORDER BY symbol, session_date"

PROPERTIES = """
SELECT market, symbol, security_type, quote_currency, multiplier, strike_multiplier FROM records.symbol_properties
"""

EXPOSURE = """
SELECT sampled_at, sum(value)
FROM records.chart_points
WHERE run_id = $1 AND chart = 'Exposure' AND sampled_at IS NOT NULL
GROUP BY sampled_at
ORDER BY sampled_at
"""

EXPOSURE_AT_END = """
SELECT sum(value), count(*) FILTER (WHERE value <> 0)
FROM records.chart_points
WHERE run_id = $1 AND chart = 'Exposure'
  AND sampled_at = (SELECT max(sampled_at) FROM records.equity WHERE run_id = $1)
"""

EQUITY = "SELECT sampled_at, close_equity FROM records.equity WHERE run_id = $1 ORDER BY sampled_at, position"

FILL_TIMES = "SELECT DISTINCT occurred_at FROM records.order_events WHERE run_id = $1 AND fill_quantity <> 0"
