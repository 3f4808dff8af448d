-- marts.account_adjustments: what the broker booked to the account and not to an order.
-- Grain: statement row.
-- account, session_date  as booked (weekly roundings fall on Saturdays)
-- adjustment_class       regulatory_rounding (weekly), fee_correction (money back for one fill), refund, market_data,
--                        wire, borrow, interest (no charge: in no total of charges), fee, other
-- amount                 as booked: negative = cost
-- corrects_order_id      LEAN's order whose overcharge a correction gives back, where that can be told
-- corrects_symbol        the leg of that order
-- note                   the broker's own words
-- row_id                 the row in records.statement_rows
SELECT
    j.account,
    j.session_date,
    j.adjustment_class,
    CAST(j.amount AS DECIMAL(18, 6)) AS amount,
    l.run_id AS corrects_run_id,
    l.lean_order_id AS corrects_order_id,
    l.instrument_key AS corrects_symbol,
    l.session_date AS corrects_session,
    j.note,
    j.row_id
FROM derived.account_adjustments AS j
LEFT JOIN derived.fee_legs AS l ON l.leg_id = j.corrects_leg_id
