-- marts.deployment_events: all order events of a deployment in one sequence over its restarts; each once.
-- Grain: one row per order event of a paper or live run.
-- deployment_id, deployment     the deployment and its name
-- sequence                      place of the event in the deployment's history, from 1
-- run_position, run_id          the start it belongs to
-- order_id, event_id, event_key the event; order ids begin again with every run
-- occurred_at, session_date     UTC; New York session
-- status, kind                  by LEAN's names; trade, expiry, exercise, assignment, delivery, or the bare status
-- symbol, instrument_key        what it is about
-- fill_quantity, fill_price     signed; 0 where nothing filled
-- fee, fee_currency             LEAN's exact text; null: the engine set none
-- position_after                the deployment's position in the instrument after the event, what was carried over
--                               included; null where what the run began with is not known
-- strategy, trade_id            of the strategy trade or the order's tag
-- tag, message                  as the engine keeps them
SELECT
    d.deployment_id,
    d.name AS deployment,
    row_number() OVER history AS sequence,
    l.position AS run_position,
    e.run_id,
    e.order_id,
    e.event_id,
    e.event_key,
    e.occurred_at,
    e.session_date,
    e.status,
    e.kind,
    e.symbol,
    e.instrument_key,
    CAST(e.fill_quantity AS DECIMAL(38, 6)) AS fill_quantity,
    CAST(e.fill_price AS DECIMAL(38, 6)) AS fill_price,
    e.fee_text AS fee,
    e.fee_currency,
    CAST(
        coalesce(p.began_with, CASE WHEN p.run_id IS NULL THEN 0 END)
        + sum(e.fill_quantity) OVER (
            PARTITION BY e.run_id, e.instrument_key ORDER BY e.occurred_at, e.order_id, e.event_id
        ) AS DECIMAL(38, 6)
    ) AS position_after,
    o.strategy,
    o.trade_id,
    o.tag,
    e.message
FROM records.order_events e
JOIN derived.deployment_runs l USING (run_id)
JOIN derived.deployments d USING (deployment_id)
LEFT JOIN derived.deployment_positions p ON p.run_id = e.run_id AND p.instrument = e.instrument_key
LEFT JOIN marts.orders o ON o.run_id = e.run_id AND o.order_id = e.order_id
WINDOW history AS (
    PARTITION BY d.deployment_id ORDER BY l.position, e.occurred_at, e.order_id, e.event_id
)
