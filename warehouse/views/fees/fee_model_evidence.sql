-- marts.fee_model_evidence: how much of what brokers charged our fee schedules reproduce to the cent, and why not.
-- Grain: broker, product, kind of leg, cause, currency. Costs positive, in that currency.
-- broker, product  of the schedule that was applied
-- kind             orders (fills of one order in one contract and side) or events (expiry, assignment, delivered shares)
-- cause            reproduced: the schedule alone gives every printed figure. Else the cause whose application does:
--                  pass_through_rate_change, open_close_class, cap, earlier_fills, commission_rate, component_not_modelled
--                  (what a venue took or paid), component_not_charged. unknown: none does. Not to be judged by a schedule:
--                  no_rate: it has no price for it; no_schedule: there is none for the plan, the currency or the exchange
--                  that lists the share; no_session, row_contradicts_itself: the row itself cannot be right
-- currency         of the charge
-- legs, fills      how many
-- share            of the legs of this broker, product and kind
-- charged          what was charged for them
-- difference       charged - expected, where something was expected
-- remainder        largest part of a leg's charge, either way, that the cause leaves: printed digits only where it is proven
-- least_evidence   fewest fills (of a level) or legs (of a rate) that stand behind the cause of a leg; null where it needs none
-- first_day, last_day  sessions of the legs
WITH legs AS (
    SELECT
        broker,
        product,
        CASE WHEN leg_class = 'trade' THEN 'orders' ELSE 'events' END AS kind,
        coalesce(cause, 'reproduced') AS cause,
        currency,
        fills,
        charged,
        charged - expected AS difference,
        abs(remainder) AS remainder,
        evidence,
        session_date
    FROM derived.statement_pricing
)

SELECT
    broker,
    product,
    kind,
    cause,
    currency,
    count(*) AS legs,
    CAST(CAST(count(*) AS DOUBLE) / sum(count(*)) OVER (PARTITION BY broker, product, kind) AS DECIMAL(9, 6)) AS share,
    CAST(sum(fills) AS BIGINT) AS fills,
    CAST(sum(charged) AS DECIMAL(18, 6)) AS charged,
    CAST(sum(difference) AS DECIMAL(18, 6)) AS difference,
    CAST(max(remainder) AS DECIMAL(18, 6)) AS remainder,
    min(evidence) AS least_evidence,
    min(session_date) AS first_day,
    max(session_date) AS last_day
FROM legs
GROUP BY broker, product, kind, cause, currency
