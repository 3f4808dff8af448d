-- marts.turnover: What a run traded by session.
-- Grain: one row per run, session, security type and currency.
-- run_id, name             the run
-- session_date             New York session
-- security_type, currency  of what was traded
-- orders, fills            orders that filled, and their fills; expiries and assignments are none
-- bought, sold             contracts or shares
-- bought_value, sold_value  quantity times price times multiplier; null: a multiplier or price is unknown
WITH trades AS (
    SELECT
        f.*,
        CAST(
            TRY_CAST(TRY_CAST(abs(f.quantity) AS DECIMAL(19, 8)) * TRY_CAST(f.price AS DECIMAL(19, 8)) AS DECIMAL(25, 6))
            * TRY_CAST(f.multiplier AS DECIMAL(13, 6)) AS DECIMAL(38, 6)
        ) AS value
    FROM marts.fills f
    WHERE f.kind = 'trade'
)
SELECT
    t.run_id,
    any_value(r.name) AS name,
    t.session_date,
    t.security_type,
    t.currency,
    count(DISTINCT t.order_id) AS orders,
    count(*) AS fills,
    coalesce(sum(t.quantity) FILTER (WHERE t.quantity > 0), 0) AS bought,
    coalesce(-sum(t.quantity) FILTER (WHERE t.quantity < 0), 0) AS sold,
    CASE WHEN count(*) = count(t.value) THEN coalesce(sum(t.value) FILTER (WHERE t.quantity > 0), 0) END AS bought_value,
    CASE WHEN count(*) = count(t.value) THEN coalesce(sum(t.value) FILTER (WHERE t.quantity < 0), 0) END AS sold_value
FROM trades t
JOIN records.runs r USING (run_id)
GROUP BY t.run_id, t.session_date, t.security_type, t.currency
