-- marts.decision_inputs: how old each input of a decision to trade was.
-- Grain: one row per decision that sent an order, and input.
-- run_id, trade_id, strategy, action  the decision; trade_id and strategy as the algorithm names them
-- decided_at     by the algorithm's clock, UTC
-- input          price, chain, vix, or the contract whose quote it is
-- kind           price, chain, vix, quote
-- age_seconds    how old it was
-- limit_seconds  the oldest it may be for an opening; null for an exit, which takes what there is
-- is_older       whether it was older than that
WITH decisions AS (
    SELECT
        run_id,
        payload ->> '$.trade_id' AS trade_id,
        payload ->> '$.strategy' AS strategy,
        payload ->> '$.action' AS action,
        occurred_at AS decided_at,
        json_extract(payload, '$.input_ages') AS ages
    FROM records.journal_entries
    WHERE kind = 'decision' AND dialect = 'tomking-1' AND run_id IS NOT NULL
        AND (payload ->> '$.action' = 'open' OR (payload ->> '$.action') LIKE 'close:%')
),
listed AS (
    SELECT d.*, each.key AS input, try_cast(json_extract_string(each.value, '$') AS DECIMAL(18, 3)) AS age_seconds
    FROM decisions d, json_each(d.ages) AS each
),
named AS (
    SELECT *, CASE WHEN input IN ('price', 'chain', 'vix') THEN input ELSE 'quote' END AS kind FROM listed
),
limits AS (
    SELECT
        run_id,
        max(try_cast(value AS DECIMAL(18, 3))) FILTER (parameter_id = 'limits.quote_max_age_seconds') AS quotes,
        max(try_cast(value AS DECIMAL(18, 3))) FILTER (parameter_id = 'limits.chain_max_age_seconds') AS chains,
        max(try_cast(value AS DECIMAL(18, 3)) * 60) FILTER (parameter_id = 'limits.vix_max_age_minutes') AS vix
    FROM marts.run_rule_values
    GROUP BY run_id
),
bounded AS (
    SELECT
        n.*,
        CASE
            WHEN n.action <> 'open' THEN NULL
            WHEN n.kind = 'chain' THEN l.chains
            WHEN n.kind = 'vix' THEN l.vix
            ELSE l.quotes
        END AS limit_seconds
    FROM named n
    LEFT JOIN limits l USING (run_id)
)
SELECT
    run_id,
    trade_id,
    strategy,
    action,
    decided_at,
    input,
    kind,
    age_seconds,
    limit_seconds,
    coalesce(age_seconds > limit_seconds, false) AS is_older
FROM bounded
