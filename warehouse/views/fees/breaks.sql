-- marts.breaks: what a person has to look at, with what was done about it.
-- Grain: break.
-- break_id         stays the same when the reconciliation is made again
-- run_id, account, relation, lean_order_id, broker_order_id, symbol, session_date: as in marts.fee_reconciliation
-- cause            missing_at_broker, missing_in_lean, quantity, duplicate, price, open_close_class, commission_rate, cap,
--                  unknown, account_adjustment, pass_through_rate_change, cancel_correct
-- component        the one component concerned, if it is one
-- amount           part of the fee difference it explains, costs positive; of an account_adjustment the amount as booked
-- state            open, explained (nothing to do), resolved (by a person)
-- owner            who looks after it
-- age_days         days since the session
-- note             the newest note
-- acted_at         when somebody last did something about it (UTC)
-- detail           JSON: both sides, rows and events, or the interval of a changed level
WITH acted AS (
    SELECT
        break_id,
        max_by(action, (acted_at, action_id)) FILTER (WHERE action IN ('resolve', 'reopen')) AS decision,
        max_by(owner, (acted_at, action_id)) FILTER (WHERE owner IS NOT NULL) AS owner,
        max_by(note, (acted_at, action_id)) FILTER (WHERE note IS NOT NULL) AS note,
        max(acted_at) AS acted_at
    FROM records.break_actions
    GROUP BY break_id
),

found AS (
    SELECT
        b.*,
        CASE
            WHEN acted.decision = 'resolve' THEN 'resolved'
            WHEN acted.decision = 'reopen' THEN 'open'
            ELSE b.initial_state
        END AS state,
        acted.owner,
        acted.note,
        acted.acted_at
    FROM derived.breaks AS b
    LEFT JOIN acted USING (break_id)
)

SELECT
    f.break_id,
    f.run_id,
    f.account,
    coalesce(r.relation, a.relation) AS relation,
    f.lean_order_id,
    f.broker_order_id,
    f.instrument_key AS symbol,
    f.session_date,
    f.cause,
    f.component,
    CAST(f.amount AS DECIMAL(18, 6)) AS amount,
    f.state,
    f.owner,
    date_diff('day', f.session_date, current_date) AS age_days,
    f.note,
    f.acted_at,
    f.detail
FROM found AS f
LEFT JOIN records.run_accounts AS r ON r.run_id = f.run_id AND r.account = f.account
LEFT JOIN (SELECT account, min(relation) AS relation FROM records.run_accounts GROUP BY account) AS a
    ON a.account = f.account
