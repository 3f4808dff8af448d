"""Limits of the portfolio: each refuses a breach by name, at its bound, and lets pass what is inside."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tomking.kernel.groups import GROUPS, JOINT_LIMITS, PORTFOLIO, members_of
from tomking.kernel.limits import Account, Exposure, Proposal, check_group_risk, check_open, group_allowance, group_name
from tomking.kernel.limits.margin import OptionLeg, estimate_margin
from tomking.kernel.limits.orders import check_cover, check_hedge, check_naked_call
from tomking.kernel.limits.phases import phase_of, trades_allowed
from tomking.kernel.parameters import default_values

VALUES = default_values()
DAY = date(2020, 2, 28)
RICH = Account(Decimal(250_000), Decimal(0), Decimal(15), day=DAY, term_slope=Decimal(0), correlation_day=DAY)
WANTED = Proposal("strangle", "SPY", DAY, 3, margin=Decimal(5000))


def live(*products: str, stance: str = "short") -> list[Exposure]:
    return [
        Exposure(f"t{n}", "other", product, date(2020, 3, 1 + n), stance=stance) for n, product in enumerate(products)
    ]


def refused_by(
    wanted: Proposal = WANTED, exposures: list[Exposure] | None = None, account: Account = RICH, **changes: str
) -> str | None:
    values = VALUES | {f"limits.{name}": text for name, text in changes.items()}
    answer = check_open(wanted, exposures or [], account, values)
    return None if answer.refusal is None else answer.refusal.rule


def test_a_trade_inside_every_limit_passes_and_every_limit_was_judged() -> None:
    assert check_open(WANTED, [], RICH, VALUES) == check_open(WANTED, live("CL"), RICH, VALUES)
    assert check_open(WANTED, [], RICH, VALUES).not_judged == ()


@pytest.mark.parametrize("product", ["OJ", "/DX", "BABA", "VX"])
def test_what_is_on_the_never_trade_list_is_refused_whatever_else_holds(product: str) -> None:
    assert refused_by(replace(WANTED, product=product)) == "never_trade"


def test_groups_hold_what_their_table_says_and_together_no_more_than_the_joint_limit() -> None:
    assert refused_by(replace(WANTED, product="CL"), live("MCL", "USO")) == "group_positions"
    assert refused_by(WANTED, live("SPX", "QQQ", "ES")) == "joint_groups"
    assert refused_by(WANTED, live("SPX", "QQQ")) is None


def test_a_group_that_moved_with_stocks_in_stress_counts_with_them_and_only_ever_against_an_entry() -> None:
    oil, equities = replace(WANTED, product="CL"), live("SPX", "QQQ", "ES")
    assert refused_by(oil, equities) is None
    assert refused_by(oil, equities, crisis_weight_C1="0.70") == "joint_groups"
    assert refused_by(oil, equities, crisis_weight_C1="0.69") is None
    assert refused_by(oil, equities, crisis_weight_B1="0.90") is None
    assert refused_by(replace(WANTED, product="LE"), equities, crisis_weight_C1="0.70") is None
    assert refused_by(WANTED, live("SPX", "QQQ", "CL")) is None
    assert refused_by(WANTED, live("SPX", "QQQ", "CL"), crisis_weight_C1="0.70") == "joint_groups"


def test_above_a_vix_of_30_each_group_holds_one_less_but_never_none() -> None:
    storm = replace(RICH, vix=Decimal("30.01"))
    assert group_allowance("A2", RICH, VALUES) == 3
    assert group_allowance("A2", storm, VALUES) == 2
    assert group_allowance("C2", storm, VALUES) == 1
    assert group_allowance("A2", replace(RICH, vix=Decimal(30)), VALUES) == 3


def test_a_small_account_has_fewer_places_in_each_group() -> None:
    small = replace(RICH, equity=Decimal(74_999))
    assert group_allowance("A2", small, VALUES) == 2
    assert group_allowance("C2", small, VALUES) == 1


@pytest.mark.parametrize(
    ("equity", "phase", "trades"),
    [(29_999, 1, 3), (40_000, 2, 5), (60_000, 3, 7), (74_999, 3, 7), (75_000, 4, 10), (1_000_000, 4, 10)],
)
def test_the_count_of_trades_is_the_lower_of_size_and_phase(equity: int, phase: int, trades: int) -> None:
    assert phase_of(Decimal(equity), VALUES) == phase
    assert trades_allowed(Decimal(equity), VALUES) == trades


def test_hedges_and_covered_trades_take_no_place() -> None:
    for stance in ("hedge", "covered"):
        assert refused_by(WANTED, live("SPY", "QQQ", "IWM", "DIA", stance=stance)) is None
    assert refused_by(WANTED, live("SPY", "QQQ", "IWM", stance="long")) == "group_positions"


def test_an_entry_is_judged_with_the_margin_it_will_take() -> None:
    account = replace(RICH, equity=Decimal(100_000), margin_used=Decimal(55_000))
    assert refused_by(replace(WANTED, margin=Decimal(4_999)), account=account) is None
    assert refused_by(replace(WANTED, margin=Decimal(5_001)), account=account) == "buying_power_ceiling"
    assert refused_by(replace(WANTED, margin=Decimal(25_001)), account=account) == "entry_share"
    fuller = replace(account, margin_used=Decimal(56_000))
    assert refused_by(replace(WANTED, margin=Decimal(25_000)), account=fuller) == "reserve"
    unknown = check_open(replace(WANTED, margin=None), [], account, VALUES)
    assert unknown.not_judged == ("entry_share: margin",)


def test_calm_lowers_the_ceiling_only_where_the_term_structure_is_steep() -> None:
    calm = replace(RICH, equity=Decimal(100_000), margin_used=Decimal(29_000), vix=Decimal(12))
    assert refused_by(account=replace(calm, term_slope=Decimal("0.15"))) == "calm_ceiling"
    assert refused_by(account=replace(calm, term_slope=Decimal("0.14"))) is None
    assert "calm_ceiling: term_slope" in check_open(WANTED, [], replace(calm, term_slope=None), VALUES).not_judged


@pytest.mark.parametrize(("vix", "used"), [(15, 80), (20, 70), (30, 60), (40, 50)])
def test_margin_in_use_stops_new_trades_by_bands_of_vix(vix: int, used: int) -> None:
    account = replace(RICH, equity=Decimal(100_000), vix=Decimal(vix))
    breached = replace(account, margin_used=Decimal(used * 1000))
    assert refused_by(replace(WANTED, margin=Decimal(0)), account=breached) == "margin_breaker"


def test_old_correlations_and_another_currency_stop_entries() -> None:
    assert refused_by(account=replace(RICH, correlation_day=date(2020, 2, 20))) == "correlation_age"
    assert refused_by(account=replace(RICH, correlation_day=date(2020, 2, 21))) is None
    assert refused_by(account=replace(RICH, correlation_day=None)) is None
    assert refused_by(account=replace(RICH, correlation_day=None), correlation_required="true") == "correlation_age"
    assert refused_by(account=replace(RICH, currency="GBP")) == "currency"


def test_planned_losses_of_a_group_stay_within_their_share_and_an_unknown_one_counts_in_full() -> None:
    known = [replace(one, planned_loss=Decimal(4_000)) for one in live("SPY", "QQQ")]
    assert check_group_risk(Decimal(4_500), "IWM", known, RICH, VALUES | {"limits.group_risk": "0.05"}) is None
    values = VALUES | {"limits.group_risk": "0.03"}
    refusal = check_group_risk(Decimal(0), "IWM", [*known, *live("SPY")], RICH, values)
    assert refusal is not None
    assert (refusal.rule, refusal.value, refusal.limit) == ("group_risk", Decimal(13_000), Decimal(7_500))


@given(st.integers(-3, 3), st.integers(-3, 3), st.integers(-3, 3))
def test_naked_legs_never_stand_without_a_bought_hedge(long: int, short: int, naked: int) -> None:
    refusal = check_hedge({"hedge": [long, short], "naked": [naked]})
    assert (refusal is not None) == (naked < 0 and long <= 0 and short <= 0)


def test_calls_are_not_sold_alone_nor_beyond_their_cover() -> None:
    call = OptionLeg("C", Decimal(340), DAY, -1)
    put = OptionLeg("P", Decimal(300), DAY, -1)
    assert check_naked_call([call]) is not None
    assert check_naked_call([call, put]) is None
    assert check_naked_call([call, OptionLeg("C", Decimal(345), DAY, 1)]) is None
    assert check_cover(1, 0) is not None
    assert check_cover(1, 1) is None


def test_margin_is_the_width_of_a_spread_and_the_exchanges_minimum_of_what_is_naked() -> None:
    price, late = Decimal(320), date(2020, 3, 20)
    spread = [OptionLeg("P", Decimal(300), DAY, -2), OptionLeg("P", Decimal(295), DAY, 2)]
    assert estimate_margin(spread, price, Decimal(100)) == 1000
    naked = [OptionLeg("P", Decimal(300), DAY, -1)]
    assert estimate_margin(naked, price, Decimal(100)) == (Decimal("0.2") * 320 - 20) * 100
    far = [OptionLeg("P", Decimal(200), DAY, -1)]
    assert estimate_margin(far, price, Decimal(100)) == 2000
    strangle = [*naked, OptionLeg("C", Decimal(330), DAY, -1)]
    assert estimate_margin(strangle, price, Decimal(100)) == (Decimal("0.2") * 320 - 10) * 100
    too_early = [OptionLeg("P", Decimal(300), late, -1), OptionLeg("P", Decimal(295), DAY, 1)]
    assert estimate_margin(too_early, price, Decimal(100)) == (Decimal("0.2") * 320 - 20) * 100
    debit = [OptionLeg("P", Decimal(310), DAY, 1), OptionLeg("P", Decimal(305), DAY, -1)]
    assert estimate_margin(debit, price, Decimal(100)) == 0


products = st.sampled_from(
    [symbol for group in GROUPS if group.scheme == PORTFOLIO for symbol in members_of(group.name)]
)


@given(
    st.lists(st.tuples(products, st.integers(1, 60)), max_size=30), st.decimals(5, 90, places=1), st.integers(1, 10**6)
)
def test_no_sequence_of_entries_gets_past_the_counts(wishes: list[tuple[str, int]], vix: Decimal, equity: int) -> None:
    account = Account(Decimal(equity), Decimal(0), vix, day=DAY)
    held: list[Exposure] = []
    for product, ahead in wishes:
        expiry = date.fromordinal(DAY.toordinal() + ahead)
        answer = check_open(Proposal("any", product, expiry, 99), held, account, VALUES)
        if answer.refusal is None:
            held.append(Exposure("", "any", product, expiry))
    groups = [group_name(one.product) for one in held]
    assert all(groups.count(group) <= min(3, group_allowance(group, account, VALUES)) for group in groups)
    assert all(sum(name in joint.groups for name in groups) <= joint.limit for joint in JOINT_LIMITS)
    assert len(held) <= min(5, trades_allowed(account.equity or Decimal(0), VALUES))
    assert len({(group, one.expiry) for group, one in zip(groups, held, strict=True)}) == len(held)
