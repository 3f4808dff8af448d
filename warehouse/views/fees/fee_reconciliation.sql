-- marts.fee_reconciliation: fees as LEAN modelled them, as our schedule expects them, as the broker charged them.
-- Grain: order leg of a session; a fill that only one side has is a leg of its own.
-- run_id          the run of the order, or the run that was trading when the broker booked what LEAN does not have
-- account         alias of the account
-- relation        live, or rehearsal: a paper run or backtest that was declared a rehearsal of this account
-- lean_order_id   null where LEAN has no such fill
-- broker_order_id null where the broker has none (several numbers are listed)
-- symbol          OCC text of an option, ticker of shares
-- leg_class       trade, expiration, assignment, exercise, delivery
-- session_date    New York session
-- modelled        sum of the fees of LEAN's events; null where LEAN set none
-- expected        what the accepted schedule charges for the broker's fills (for LEAN's, where the broker has none)
-- charged         commission and fees of the statement rows; costs are positive in all three
-- difference      charged - modelled, a missing side counts as 0
-- cause           the cause that is not routine, if any
-- tolerance       half a cent for every statement row
-- state           matched (routine causes only), explained, break
-- match_tier      how the sides were joined: broker_id, group, fill, contract (price or quantity deviates); null: one side
-- match_score     1 for the same fill at the same second
SELECT
    l.run_id,
    l.account,
    coalesce(r.relation, a.relation) AS relation,
    l.lean_order_id,
    l.broker_order_id,
    l.instrument_key AS symbol,
    l.leg_class,
    l.session_date,
    CAST(l.modelled AS DECIMAL(18, 6)) AS modelled,
    CAST(l.expected AS DECIMAL(18, 6)) AS expected,
    CAST(l.charged AS DECIMAL(18, 6)) AS charged,
    CAST(l.difference AS DECIMAL(18, 6)) AS difference,
    l.cause,
    CAST(l.tolerance AS DECIMAL(18, 6)) AS tolerance,
    l.state,
    l.match_tier,
    CAST(l.match_score AS DECIMAL(18, 6)) AS match_score,
    CAST(l.lean_quantity AS DECIMAL(18, 6)) AS lean_quantity,
    CAST(l.broker_quantity AS DECIMAL(18, 6)) AS broker_quantity,
    CAST(l.lean_price AS DECIMAL(18, 6)) AS lean_price,
    CAST(l.broker_price AS DECIMAL(18, 6)) AS broker_price,
    l.lean_fills,
    l.broker_fills,
    l.leg_id
FROM derived.fee_legs AS l
LEFT JOIN records.run_accounts AS r ON r.run_id = l.run_id AND r.account = l.account
LEFT JOIN (SELECT account, min(relation) AS relation FROM records.run_accounts GROUP BY account) AS a
    ON a.account = l.account
