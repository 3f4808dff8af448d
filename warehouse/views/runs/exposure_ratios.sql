-- marts.exposure_ratios: LEAN's own exposures: holdings as a share of the portfolio, by day.
-- Grain: one row per run, sample and security type.
-- run_id, name             the run
-- sampled_at               UTC; a day's sample stands at the next midnight of the algorithm
-- security_type            as LEAN names it: Equity, Option, IndexOption, …
-- long_ratio, short_ratio  value held long, and short (zero or negative), over total portfolio value
-- net_ratio, gross_ratio   their sum, and the sum of their sizes; null where one side is
WITH sides AS (
    SELECT
        run_id,
        sampled_at,
        regexp_extract(series, '^(.+) - (Long|Short) Ratio$', ['security_type', 'side']) AS found,
        value
    FROM records.chart_points
    WHERE chart = 'Exposure'
)
SELECT
    s.run_id,
    any_value(r.name) AS name,
    s.sampled_at,
    s.found.security_type AS security_type,
    max(s.value) FILTER (WHERE s.found.side = 'Long') AS long_ratio,
    max(s.value) FILTER (WHERE s.found.side = 'Short') AS short_ratio,
    max(s.value) FILTER (WHERE s.found.side = 'Long') + max(s.value) FILTER (WHERE s.found.side = 'Short') AS net_ratio,
    max(s.value) FILTER (WHERE s.found.side = 'Long') - max(s.value) FILTER (WHERE s.found.side = 'Short') AS gross_ratio
FROM sides s
JOIN records.runs r USING (run_id)
WHERE s.found.side <> ''
GROUP BY s.run_id, s.sampled_at, s.found.security_type
