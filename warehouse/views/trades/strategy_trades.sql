-- marts.strategy_trades: Strategy trades: all legs from opening to the end, whatever ended it.
-- Grain: one row per strategy trade.
-- run_id, name          the run; in a deployment the one that opened it
-- trade_id              from the tag; else g and the combo's id, or o and the first order's
-- strategy              from the tag, or untagged
-- kind                  single, vertical, ratio, ladder, calendar, diagonal, straddle, strangle, synthetic, risk_reversal,
--                       jade_lizard, seagull, butterfly, christmas_tree, condor, iron_butterfly, iron_condor, 112, box,
--                       jelly_roll, strip, strap, covered, protective, collar, conversion, pair, custom, unknown
-- side                  credit or debit by its legs, else by its cash; unknown
-- quantity              how many of the strategy; of a combo as ordered when it was opened
-- opened_at, closed_at  UTC; closed_at is null while open
-- ended_by              open, closed, expired, assigned, cash_settled, margin_call, rolled
-- credit                opening net cash; a debit is negative
-- profit_loss           gross of fees; null where it is not certain: open, opened by an earlier deployment,
--                       delivered shares still held, multiplier or settlement price unknown
-- fees                  beside it; null where currencies differ
-- days_held             calendar days
-- label                 what a trader calls it, the side included: bear call spread, short strangle, covered call
-- opened_quantity       how many were opened in all, with what later orders added
-- underlying            key of what it is on; null where it is on several
-- strikes               of the opening, a ratio before its strike: `2x285p/305p/315p`
-- days_to_expiry        from the opening session to the first expiry
-- max_profit, max_loss  best and worst result at the expiry (a loss is negative); null: unlimited or not defined
-- captured_share        profit_loss as a share of the credit, of a debit trade of max_profit; 1 is all of it
-- mae, mfe              furthest against and for the trader while open, gross; null where unknown
-- excursion_basis       quotes, closed_trade: exact; bounds: mae and mfe went at most this far
-- chain_run_id, chain_id  the first trade of its chain; itself where it continues none
-- chain_position        its place there, from 1
-- rolled_from           the trade it continues
-- link                  why: roll, covered (shares or a longer option of the chain cover it), wheel
-- found_without_tags    whether the rules alone give the same orders; null: no tag joined it
SELECT
    t.run_id,
    r.name,
    t.trade_id,
    t.strategy,
    t.kind,
    t.side,
    CAST(t.quantity AS DECIMAL(38, 6)) AS quantity,
    t.opened_at,
    t.closed_at,
    t.ended_by,
    CAST(t.credit AS DECIMAL(38, 6)) AS credit,
    CAST(t.profit_loss AS DECIMAL(38, 6)) AS profit_loss,
    CAST(t.fees AS DECIMAL(38, 6)) AS fees,
    CAST(t.days_held AS DECIMAL(38, 4)) AS days_held,
    t.label,
    CAST(t.opened_quantity AS DECIMAL(38, 6)) AS opened_quantity,
    t.underlying,
    t.strikes,
    t.days_to_expiry,
    CAST(t.max_profit AS DECIMAL(38, 6)) AS max_profit,
    CAST(t.max_loss AS DECIMAL(38, 6)) AS max_loss,
    CAST(t.captured_share AS DECIMAL(38, 6)) AS captured_share,
    CAST(t.mae AS DECIMAL(38, 6)) AS mae,
    CAST(t.mfe AS DECIMAL(38, 6)) AS mfe,
    t.excursion_basis,
    t.chain_run_id,
    t.chain_id,
    t.chain_position,
    t.rolled_from,
    t.link,
    t.found_without_tags
FROM derived.strategy_trades t
JOIN records.runs r USING (run_id)
