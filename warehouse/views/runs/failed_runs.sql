-- marts.failed_runs: Runs that did not reach their end: ended by an error, or killed.
-- Grain: one row per failed run.
-- run_id, name, mode, state      the run
-- started_at, ended_at, newest_at  UTC; newest_at is the newest time inside its files
-- error                          what the engine says; null of a killed run, whose files say nothing
-- error_location                 first file and line of the trace that is not below the engine's own folders
-- stack_trace                    as the engine keeps it
-- last_error                     last error in the logs
-- last_messages                  last five messages of the algorithm, oldest first
-- orders_stored                  orders whose rows are here
-- last_order_id, last_order_symbol, last_order_status, last_order_tag, last_order_at  the order it created last
-- end_equity, account_currency   worth at the end
-- source_path                    where its files were
WITH own_places AS (
    SELECT
        run_id,
        list_filter(
            regexp_extract_all(coalesce(stack_trace, error), '[^\s:()]+\.(?:py|cs):\s?line \d+'),
            lambda place: NOT regexp_matches(place, '/Lean/(Engine|Common|Brokerages|AlgorithmFactory|Launcher|Algorithm)/')
        ) AS places
    FROM records.runs
),
log_ends AS (
    SELECT
        run_id,
        arg_max(message, line) FILTER (WHERE level = 'ERROR') AS last_error,
        list_reverse(max_by(message, line, 5) FILTER (WHERE source = 'algorithm')) AS last_messages
    FROM records.run_messages
    GROUP BY run_id
),
last_orders AS (
    SELECT
        run_id,
        count(*) AS orders_stored,
        max(order_id) AS last_order_id,
        arg_max(symbol, order_id) AS last_order_symbol,
        arg_max(status, order_id) AS last_order_status,
        arg_max(tag, order_id) AS last_order_tag,
        max(created_at) AS last_order_at
    FROM records.orders
    GROUP BY run_id
)
SELECT
    r.run_id,
    r.name,
    r.mode,
    r.state,
    r.started_at,
    r.ended_at,
    r.newest_at,
    r.error,
    replace(p.places[1], ': line', ':line') AS error_location,
    r.stack_trace,
    l.last_error,
    l.last_messages,
    coalesce(o.orders_stored, 0) AS orders_stored,
    o.last_order_id,
    o.last_order_symbol,
    o.last_order_status,
    o.last_order_tag,
    o.last_order_at,
    CAST(r.end_equity AS DECIMAL(38, 6)) AS end_equity,
    r.account_currency,
    r.source_path
FROM records.runs r
LEFT JOIN own_places p USING (run_id)
LEFT JOIN log_ends l USING (run_id)
LEFT JOIN last_orders o USING (run_id)
WHERE r.state IN ('runtime_error', 'killed') OR r.error IS NOT NULL
