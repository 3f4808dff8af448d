-- marts.pair_trades(run_a, run_b): Which strategy trades of two runs are the same idea.
-- Grain: one row per pair, and one per trade without a partner.
-- First, trades of one strategy that open the same contracts on the same sides in the same session are paired, the
-- first with the first, by the time they opened. Of what is left, trades of one strategy, kind, underlying and session
-- are paired in the same way. A trade that never opened in the run (taken over from an earlier deployment) has none.
-- matched              same_contracts, same_kind, only_a, only_b
-- strategy, kind, underlying, session_date  of the trades
-- trade_a, trade_b     their ids
CREATE OR REPLACE MACRO marts.pair_trades(run_a, run_b) AS TABLE
WITH sides AS (
    SELECT 'a' AS side, * FROM marts.trade_openings WHERE run_id = run_a
    UNION ALL
    SELECT 'b' AS side, * FROM marts.trade_openings WHERE run_id = run_b
),
numbered AS (
    SELECT
        *,
        CASE WHEN contracts IS NULL OR session_date IS NULL THEN side || trade_id END AS alone,
        row_number() OVER (
            PARTITION BY side, strategy, contracts, session_date ORDER BY created_at, filled_at, trade_id
        ) AS number
    FROM sides
),
exact AS (
    SELECT
        *,
        min(side) OVER by_contracts <> max(side) OVER by_contracts AS is_exact
    FROM numbered
    WINDOW by_contracts AS (PARTITION BY strategy, contracts, session_date, number, alone)
),
keyed AS (
    SELECT
        * EXCLUDE (number),
        CASE
            WHEN is_exact THEN number
            ELSE row_number() OVER (
                PARTITION BY is_exact, side, strategy, kind, underlying, session_date
                ORDER BY created_at, filled_at, trade_id
            )
        END AS number
    FROM exact
)
SELECT
    CASE
        WHEN is_exact THEN 'same_contracts'
        WHEN count(*) = 2 THEN 'same_kind'
        ELSE 'only_' || min(side)
    END AS matched,
    strategy,
    min(kind) AS kind,
    min(underlying) AS underlying,
    session_date,
    max(trade_id) FILTER (WHERE side = 'a') AS trade_a,
    max(trade_id) FILTER (WHERE side = 'b') AS trade_b
FROM keyed
GROUP BY
    is_exact,
    strategy,
    session_date,
    number,
    alone,
    CASE WHEN is_exact THEN contracts ELSE concat_ws(' ', kind, underlying) END
