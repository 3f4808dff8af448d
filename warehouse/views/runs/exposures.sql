-- marts.exposures: What a run held at the end of each session in which it traded, valued at the newest fill price of
-- each contract: without quotes there is no better price here. LEAN's own ratios are the chart `Exposure`.
-- Grain: one row per run, session, underlying, security type and currency.
-- run_id, name                the run
-- session_date                New York session with at least one fill of the run
-- underlying, security_type   what it is exposed to; of an option its underlying
-- currency                    of the values
-- contracts                   how many contracts are held
-- long_value, short_value     of long positions, and of short ones (zero or negative)
-- net_value, gross_value      their sum, and the sum of their sizes
-- unpriced                    positions without price or multiplier, which no value counts
WITH sessions AS (
    SELECT DISTINCT run_id, session_date FROM marts.position_history
),
last_fills AS (
    SELECT *
    FROM marts.position_history
    QUALIFY row_number() OVER (
        PARTITION BY run_id, instrument_key, session_date ORDER BY filled_at DESC, order_id DESC, event_id DESC
    ) = 1
),
closings AS (
    SELECT *, lead(session_date) OVER (PARTITION BY run_id, instrument_key ORDER BY session_date) AS next_date
    FROM last_fills
),
held AS (
    SELECT s.session_date AS held_on, c.*
    FROM sessions s
    JOIN closings c
        ON c.run_id = s.run_id
        AND c.session_date <= s.session_date
        AND (c.next_date IS NULL OR c.next_date > s.session_date)
    WHERE c.quantity <> 0
)
SELECT
    run_id,
    any_value(name) AS name,
    held_on AS session_date,
    underlying,
    security_type,
    currency,
    count(*) AS contracts,
    CAST(coalesce(sum(value) FILTER (WHERE quantity > 0), 0) AS DECIMAL(38, 6)) AS long_value,
    CAST(coalesce(sum(value) FILTER (WHERE quantity < 0), 0) AS DECIMAL(38, 6)) AS short_value,
    CAST(coalesce(sum(value), 0) AS DECIMAL(38, 6)) AS net_value,
    CAST(coalesce(sum(abs(value)), 0) AS DECIMAL(38, 6)) AS gross_value,
    count(*) FILTER (WHERE value IS NULL) AS unpriced
FROM held
GROUP BY run_id, held_on, underlying, security_type, currency
