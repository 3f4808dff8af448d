-- marts.compare_fees(run_a, run_b): What the engine charged two runs.
-- Grain: one row per currency in which either was charged.
-- currency                of the fees
-- fee_a, fee_b            exact sums; null: no fee in that currency
-- events_a, events_b      events on which a fee was set
-- difference              fee_b less fee_a; a run without fees in the currency counts as none
CREATE OR REPLACE MACRO marts.compare_fees(run_a, run_b) AS TABLE
SELECT
    currency,
    a.fee_text AS fee_a,
    b.fee_text AS fee_b,
    a.events_with_fee AS events_a,
    b.events_with_fee AS events_b,
    coalesce(b.fee_amount, 0) - coalesce(a.fee_amount, 0) AS difference
FROM (SELECT * FROM records.run_fees WHERE run_id = run_a) a
FULL JOIN (SELECT * FROM records.run_fees WHERE run_id = run_b) b USING (currency)
ORDER BY currency
