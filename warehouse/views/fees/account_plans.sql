-- marts.account_plans: which of a broker's plans an account was on, as its own charges show.
-- Grain: account, period. A period lasts until the next one begins.
-- configured       the plan in tomking.toml; standard where none is named
-- plan             the plan that explains most of the period's orders
-- first_day        session of the first order that shows it
-- orders           order legs whose cost depends on the plan
-- reproduced       to the last digit; by_venue: all but an amount that venues publish
-- unexplained      by neither
-- other            the plan that explains most of them beside it, and how many (other_explained)
SELECT
    account,
    broker,
    configured,
    plan,
    first_day,
    orders,
    reproduced,
    by_venue,
    orders - reproduced - by_venue AS unexplained,
    other,
    other_explained
FROM derived.account_plans
