-- marts.day_totals: the third way, the broker's own day against the legs and rows it is made of.
-- Grain: account, day (days with account rows only, such as Saturdays, included). Costs are positive.
-- broker_total        every charge the broker booked that day, corrections and roundings included
-- legs_total          the part on rows that belong to order legs
-- account_rows_total  the part on rows that belong to the account
-- unassigned          the part that belongs to neither: has to be 0
-- modelled, expected  over the legs of the day; null fees count as 0
-- ties                no charge without a place, and the rows' own totals say the same
-- stated_total        what the broker itself says the day cost (tastytrade's total-fees, IBKR's cash report of one day)
-- stated_covers       which sum that is, or is nearest to: all_charges, or fills (without charges to the account)
-- stated_difference   stated total less that sum; NULL where the broker says nothing
-- stated_ties         the difference is no more than the printed figures' own rounding
SELECT
    d.account,
    d.session_date,
    CAST(d.broker_total AS DECIMAL(18, 6)) AS broker_total,
    CAST(d.legs_total AS DECIMAL(18, 6)) AS legs_total,
    CAST(d.account_rows_total AS DECIMAL(18, 6)) AS account_rows_total,
    CAST(d.unassigned AS DECIMAL(18, 6)) AS unassigned,
    CAST(d.modelled AS DECIMAL(18, 6)) AS modelled,
    CAST(d.expected AS DECIMAL(18, 6)) AS expected,
    d.ties,
    CAST(d.stated_total AS DECIMAL(18, 6)) AS stated_total,
    d.stated_covers,
    CAST(d.stated_difference AS DECIMAL(18, 6)) AS stated_difference,
    d.stated_ties
FROM derived.day_totals AS d
