-- marts.cache_staleness: what a cached value was off by after so long: fresh readings of one key, two by two.
-- Grain: one row per run, session, cache and age (rounded up to the listed seconds).
-- run_id, session_date  the run and New York session
-- cache           chains, greeks
-- unit            delta (of a contract), volatility (at the money, a share a year)
-- age_seconds     5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 23400: readings up to so far apart
-- pairs           pairs of readings
-- mean_change     mean of the change between them, without its sign
WITH lines AS (
    SELECT
        run_id,
        CAST(payload ->> '$.session_date' AS DATE) AS session_date,
        payload ->> '$.cache' AS cache,
        payload ->> '$.unit' AS unit,
        payload ->> '$.traced' AS traced,
        payload
    FROM records.journal_entries
    WHERE kind = 'staleness' AND dialect = 'tomking-1' AND run_id IS NOT NULL
),
readings AS (
    SELECT l.run_id, l.session_date, l.cache, l.unit, l.traced, CAST(r.key AS BIGINT) AS second,
        CAST(r.value ->> '$' AS DOUBLE) AS reading
    FROM lines l, json_each(l.payload, '$.readings') AS r
),
ages AS (
    SELECT unnest([5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 23400]) AS age_seconds
),
pairs AS (
    SELECT a.run_id, a.session_date, a.cache, a.unit, b.second - a.second AS age, abs(b.reading - a.reading) AS change
    FROM readings a
    JOIN readings b USING (run_id, session_date, cache, traced)
    WHERE b.second > a.second
)
SELECT
    p.run_id,
    p.session_date,
    p.cache,
    p.unit,
    g.age_seconds,
    count(*) AS pairs,
    avg(p.change) AS mean_change
FROM pairs p
ASOF JOIN ages g ON p.age <= g.age_seconds
GROUP BY ALL
