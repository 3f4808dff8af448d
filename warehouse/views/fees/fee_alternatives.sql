-- marts.fee_alternatives: what the fills of a month would have cost on every route.
-- Grain: account, month, route (broker, plan, size of contract). Costs positive.
-- month               its first day
-- size                same, or micro or full: futures in contracts of the other size, where they make whole ones
-- legs                order legs and events of the month
-- priced_legs         of which the route's schedule has the whole cost
-- available_legs      for which it could have been taken: a plan of the account's broker, or of one with an open account
-- is_feasible         both for every leg of the month; no other route counts as a saving
-- is_present          the account's own broker, at the size that was traded
-- charged, cost       of the priced legs: what was charged, what the route costs
-- saving              charged - cost, negative where the route costs more
-- saving_share        of charged
-- why                 why a leg is not priced
SELECT
    a.account,
    a.month,
    a.broker,
    a.plan,
    a.size,
    a.legs,
    a.priced AS priced_legs,
    a.available AS available_legs,
    a.priced = a.legs AND a.available = a.legs AS is_feasible,
    a.broker = p.broker AND a.plan = p.plan AND a.size = 'same' AS is_present,
    CAST(a.charged AS DECIMAL(18, 6)) AS charged,
    CAST(a.cost AS DECIMAL(18, 6)) AS cost,
    CAST(a.charged - a.cost AS DECIMAL(18, 6)) AS saving,
    CASE WHEN a.charged <> 0 THEN CAST(CAST(a.charged - a.cost AS DOUBLE) / CAST(a.charged AS DOUBLE) AS DECIMAL(9, 6)) END
        AS saving_share,
    a.why
FROM derived.fee_alternatives AS a
LEFT JOIN (
    SELECT
        account,
        CAST(date_trunc('month', session_date) AS DATE) AS month,
        min(broker) AS broker,
        CASE WHEN min(broker) = 'ibkr' AND mode(plan) = 'standard' THEN 'fixed' ELSE mode(plan) END AS plan
    FROM derived.statement_pricing
    GROUP BY account, date_trunc('month', session_date)
) AS p USING (account, month)
