-- marts.fee_causes: what each difference between charged and modelled fees is made of.
-- Grain: order leg, component, cause; the amounts of a leg add up to its `difference` exactly.
-- run_id, account, relation, lean_order_id, symbol, session_date: as in marts.fee_reconciliation
-- component  commission, clearing, orf, sec, taf, index, settlement, exchange, nfa; `fees` is the printed column in
--            which the broker adds up everything but the commission
-- cause      component_not_modelled, rounding, cap (routine); pass_through_rate_change, timing, cancel_correct;
--            commission_rate, earlier_fills, open_close_class, quantity, price, duplicate, missing_at_broker, missing_in_lean, unknown
-- amount     part of charged - modelled, costs positive; 0 where a cause changes no fee
SELECT
    c.run_id,
    c.account,
    coalesce(r.relation, a.relation) AS relation,
    c.lean_order_id,
    c.instrument_key AS symbol,
    c.session_date,
    c.component,
    c.cause,
    CAST(c.amount AS DECIMAL(18, 6)) AS amount,
    c.leg_id
FROM derived.fee_causes AS c
LEFT JOIN records.run_accounts AS r ON r.run_id = c.run_id AND r.account = c.account
LEFT JOIN (SELECT account, min(relation) AS relation FROM records.run_accounts GROUP BY account) AS a
    ON a.account = c.account
