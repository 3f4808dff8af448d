-- marts.fee_model_shares: how many of an account's order legs our schedules explain.
-- Grain: account, broker, product. Events (expiry, assignment, delivered shares) count like orders.
-- legs             order legs that were charged in the account's currency, or in another
-- reproduced       the schedule alone gives the printed charge
-- explained        a cause gives it (marts.fee_model_evidence names it)
-- not_judged       no schedule or rate prices it (currency, exchange abroad, product), or the row cannot be right itself
-- unknown          nothing gives it
-- explained_share  reproduced and explained, of those that could be judged; unknown_share: of all legs
SELECT
    account,
    broker,
    product,
    count(*) AS legs,
    count(*) FILTER (WHERE cause IS NULL) AS reproduced,
    count(*) FILTER (WHERE kind = 'explained') AS explained,
    count(*) FILTER (WHERE kind = 'not judged') AS not_judged,
    count(*) FILTER (WHERE kind = 'unknown') AS unknown,
    CASE
        WHEN count(*) > count(*) FILTER (WHERE kind = 'not judged')
            THEN CAST(
                CAST(count(*) FILTER (WHERE cause IS NULL OR kind = 'explained') AS DOUBLE)
                / (count(*) - count(*) FILTER (WHERE kind = 'not judged')) AS DECIMAL(9, 6)
            )
    END AS explained_share,
    CAST(CAST(count(*) FILTER (WHERE kind = 'unknown') AS DOUBLE) / count(*) AS DECIMAL(9, 6)) AS unknown_share
FROM (
    SELECT
        *,
        CASE
            WHEN cause IS NULL THEN 'reproduced'
            WHEN cause IN ('no_rate', 'no_schedule', 'no_session', 'row_contradicts_itself') THEN 'not judged'
            WHEN cause = 'unknown' THEN 'unknown'
            ELSE 'explained'
        END AS kind
    FROM derived.statement_pricing
)
GROUP BY account, broker, product
