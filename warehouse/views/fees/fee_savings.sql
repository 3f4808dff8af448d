-- marts.fee_savings: what the cheapest route that could have been taken would have saved, month by month, with its sign.
-- Grain: account, month. Costs positive. Months in which no route prices every leg have no best route and no saving.
-- charged             what was charged for all legs
-- best_broker, best_plan, best_size  the cheapest feasible route
-- best_cost           what the month costs there
-- saving              charged - best_cost: negative where even the cheapest route would have cost more than was charged
-- saving_share        of charged
-- routes              feasible routes
WITH charged AS (
    SELECT account, month, sum(charged) AS charged, count(*) AS legs FROM marts.fee_costs GROUP BY account, month
),

best AS (
    SELECT
        account,
        month,
        arg_min(broker, (cost, NOT is_present, broker, plan, size)) AS best_broker,
        arg_min(plan, (cost, NOT is_present, broker, plan, size)) AS best_plan,
        arg_min(size, (cost, NOT is_present, broker, plan, size)) AS best_size,
        min(cost) AS best_cost,
        count(*) AS routes
    FROM marts.fee_alternatives
    WHERE is_feasible
    GROUP BY account, month
)

SELECT
    c.account,
    c.month,
    c.legs,
    CAST(c.charged AS DECIMAL(18, 6)) AS charged,
    b.best_broker,
    b.best_plan,
    b.best_size,
    b.best_cost,
    CAST(c.charged - b.best_cost AS DECIMAL(18, 6)) AS saving,
    CASE WHEN c.charged <> 0 THEN CAST(CAST(c.charged - b.best_cost AS DOUBLE) / CAST(c.charged AS DOUBLE) AS DECIMAL(9, 6)) END
        AS saving_share,
    coalesce(b.routes, 0) AS routes
FROM charged AS c
LEFT JOIN best AS b USING (account, month)
