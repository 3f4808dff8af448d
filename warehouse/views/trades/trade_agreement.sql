-- marts.trade_agreement: How far the rules alone, tags ignored, find the trades that tags name.
-- Grain: one row per run with tagged trades.
-- run_id, name        the run
-- tagged_trades       trades that a tag joined
-- found_without_tags  of these, how many come out with exactly the same orders
-- share               found_without_tags / tagged_trades
-- differing           ids of the others, separated by blanks; their orders are in derived.untagged_trade_orders
SELECT
    t.run_id,
    r.name,
    count(*) AS tagged_trades,
    count(*) FILTER (WHERE t.found_without_tags) AS found_without_tags,
    CAST(count(*) FILTER (WHERE t.found_without_tags) / CAST(count(*) AS DOUBLE) AS DECIMAL(7, 6)) AS share,
    string_agg(t.trade_id, ' ' ORDER BY t.trade_id) FILTER (WHERE NOT t.found_without_tags) AS differing
FROM derived.strategy_trades t
JOIN records.runs r USING (run_id)
WHERE t.found_without_tags IS NOT NULL
GROUP BY t.run_id, r.name
