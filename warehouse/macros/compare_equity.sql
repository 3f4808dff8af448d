-- marts.compare_equity(run_a, run_b): Equity curves of two runs by day.
-- Grain: one row per New York day on which either curve has a sample.
-- day                 the day
-- equity_a, equity_b  last close of the day in the run's account currency; null: no sample that day
-- difference          equity_b less equity_a; null where one is missing or the currencies differ
-- return_a, return_b  since the run's first sample, as a share
CREATE OR REPLACE MACRO marts.compare_equity(run_a, run_b) AS TABLE
WITH days AS (
    SELECT
        e.run_id,
        CAST(timezone('America/New_York', e.sampled_at) AS DATE) AS day,
        arg_max(e.close_equity, (e.sampled_at, e.position)) AS equity,
        any_value(r.account_currency) AS currency
    FROM records.equity e
    JOIN records.runs r USING (run_id)
    WHERE e.run_id IN (run_a, run_b) AND e.close_equity IS NOT NULL
    GROUP BY ALL
),
curves AS (
    SELECT
        *,
        CAST(equity AS DOUBLE) / nullif(CAST(first_value(equity) OVER (PARTITION BY run_id ORDER BY day) AS DOUBLE), 0) - 1
            AS gain
    FROM days
)
SELECT
    day,
    CAST(a.equity AS DECIMAL(38, 6)) AS equity_a,
    CAST(b.equity AS DECIMAL(38, 6)) AS equity_b,
    CASE
        WHEN coalesce(a.currency = b.currency, true) THEN CAST(b.equity - a.equity AS DECIMAL(38, 6))
    END AS difference,
    a.gain AS return_a,
    b.gain AS return_b
FROM (SELECT * FROM curves WHERE run_id = run_a) a
FULL JOIN (SELECT * FROM curves WHERE run_id = run_b) b USING (day)
ORDER BY day
