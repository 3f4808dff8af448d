-- marts.fee_drift: whether what the broker charges moves away from what our schedule expects.
-- Grain: account, session with legs that count. Amounts in the account's currency, costs positive.
-- legs               trade legs that have both figures and are no break: single faults stand in marts.breaks, and one of
--                    them would hide a level that creeps
-- mean_error         mean of charged - expected per leg
-- rolling_sessions   sessions in the rolling mean (up to 20)
-- rolling_legs       legs in it
-- rolling_error      mean of charged - expected per leg over those sessions
-- band               the constant BAND: a cent per leg
-- alarm              rolling_error lies outside of the band and rests on at least LEAST_LEGS legs
WITH constants AS (
    SELECT CAST(0.01 AS DECIMAL(18, 6)) AS band, 20 AS least_legs
),

per_session AS (
    SELECT account, session_date, count(*) AS legs, sum(charged - expected) AS error
    FROM derived.fee_legs
    WHERE leg_class = 'trade' AND state <> 'break' AND charged IS NOT NULL AND expected IS NOT NULL
    GROUP BY account, session_date
),

rolling AS (
    SELECT
        account,
        session_date,
        legs,
        error,
        count(*) OVER recent AS rolling_sessions,
        sum(legs) OVER recent AS rolling_legs,
        sum(error) OVER recent AS rolling_sum
    FROM per_session
    WINDOW recent AS (PARTITION BY account ORDER BY session_date ROWS BETWEEN 19 PRECEDING AND CURRENT ROW)
)

SELECT
    r.account,
    r.session_date,
    r.legs,
    CAST(CAST(r.error AS DOUBLE) / r.legs AS DECIMAL(18, 6)) AS mean_error,
    r.rolling_sessions,
    CAST(r.rolling_legs AS BIGINT) AS rolling_legs,
    CAST(CAST(r.rolling_sum AS DOUBLE) / r.rolling_legs AS DECIMAL(18, 6)) AS rolling_error,
    c.band,
    abs(CAST(r.rolling_sum AS DOUBLE) / r.rolling_legs) > CAST(c.band AS DOUBLE) AND r.rolling_legs >= c.least_legs AS alarm
FROM rolling AS r
CROSS JOIN constants AS c
