-- marts.fee_route_forecasts: the route that the months before advised, and what it saved in the month itself.
-- Grain: account, month with at least one earlier month. Costs positive.
-- advised_broker, advised_plan, advised_size  the feasible route with the least cost for each dollar charged, over the
--                     LOOK_BACK months with fills before
-- months              how many these were
-- predicted_share     what it saved of the charges then
-- realised_share      what it saved of this month's; null where it was not feasible in this month
-- error               realised - predicted
WITH constants AS (
    SELECT 3 AS look_back
),

numbered AS (
    SELECT account, month, row_number() OVER (PARTITION BY account ORDER BY month) AS place
    FROM (SELECT DISTINCT account, month FROM marts.fee_alternatives)
),

routes AS (
    SELECT a.*, n.place FROM marts.fee_alternatives AS a JOIN numbered AS n USING (account, month)
),

past AS (
    SELECT
        n.account,
        n.month,
        r.broker,
        r.plan,
        r.size,
        count(*) AS months,
        bool_and(r.is_feasible) AS was_feasible,
        bool_or(r.is_present) AS is_present,
        sum(r.charged) AS charged,
        sum(r.cost) AS cost
    FROM numbered AS n
    CROSS JOIN constants AS c
    JOIN routes AS r ON r.account = n.account AND r.place BETWEEN n.place - c.look_back AND n.place - 1
    GROUP BY n.account, n.month, r.broker, r.plan, r.size
),

ranked AS (
    SELECT
        *,
        1 - CAST(cost AS DOUBLE) / CAST(charged AS DOUBLE) AS share,
        row_number() OVER (PARTITION BY account, month ORDER BY cost / charged, NOT is_present, broker, plan, size) AS rank
    FROM past
    WHERE was_feasible AND charged > 0
)

SELECT
    p.account,
    p.month,
    p.broker AS advised_broker,
    p.plan AS advised_plan,
    p.size AS advised_size,
    p.months,
    CAST(p.share AS DECIMAL(9, 6)) AS predicted_share,
    CASE WHEN r.is_feasible THEN r.saving_share END AS realised_share,
    CASE WHEN r.is_feasible THEN CAST(r.saving_share - p.share AS DECIMAL(9, 6)) END AS error
FROM ranked AS p
LEFT JOIN marts.fee_alternatives AS r
    ON r.account = p.account AND r.month = p.month AND r.broker = p.broker AND r.plan = p.plan AND r.size = p.size
WHERE p.rank = 1
