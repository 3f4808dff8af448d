"""Any change of a fee schedule makes a real charge, or something published, come out wrong.

Holds: the shares of changes that are noticed, and that no price called verified lacks a charge behind it.
Never here: the mutants and charges themselves (`fee_mutations`), publications (`published_fees`).

`python -m tests.steps.fee_mutations` lists every change that nothing notices.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.kernel.published_fees import EXAMPLES
from tests.steps.fee_mutations import Verdict, charges, judge_all, schedule_of
from tests.steps.unproven_rates import UNPROVEN, gap_of

pytestmark = pytest.mark.slow
BROKERS = ("ibkr", "ibkr tiered", "schwab", "tastytrade", "tdameritrade")
PRICE_OR_LIMIT = ("amount", "cap", "minimum", "order_amount", "from_")


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Verdict]]:
    """What the samples of every broker notice."""
    return judge_all(charges(tmp_path_factory.mktemp("charges")))


def kinds(found: Sequence[Verdict], kind: str) -> list[Verdict]:
    return [one for one in found if one.mutant.what.startswith(kind)]


def unnoticed(found: Sequence[Verdict]) -> list[str]:
    return [one.mutant.label for one in found if not one.noticed]


def test_the_accepted_schedules_give_everything_that_was_published() -> None:
    for broker, examples in EXAMPLES.items():
        schedule = schedule_of(broker)
        assert [example for example in examples if not example(schedule)] == []


@pytest.mark.parametrize("broker", BROKERS)
def test_what_nothing_notices_is_listed_with_its_reason_and_nothing_else_is(
    broker: str, verdicts: dict[str, list[Verdict]]
) -> None:
    silent = {gap_of(one.mutant) for one in verdicts[broker] if not one.noticed}
    assert silent == set(UNPROVEN[broker])


@pytest.mark.parametrize("broker", BROKERS)
def test_no_verified_price_or_limit_can_change_unnoticed(broker: str, verdicts: dict[str, list[Verdict]]) -> None:
    verified = [
        one for one in verdicts[broker] if one.mutant.row.evidence == "V" and one.mutant.what.startswith(PRICE_OR_LIMIT)
    ]
    assert verified
    assert unnoticed(verified) == []


def test_changes_are_noticed_more_often_than_not_by_every_measure(verdicts: dict[str, list[Verdict]]) -> None:
    for found in verdicts.values():
        assert sum(one.noticed for one in found) / len(found) >= 0.9


def test_every_verified_price_has_a_real_charge_behind_it(verdicts: dict[str, list[Verdict]]) -> None:
    verified = [one for one in kinds(verdicts["tastytrade"], "amount") if one.mutant.row.evidence == "V"]
    assert len(verified) > 20
    without = {one.mutant.label for one in verified if one.by != "charge"}
    # Options on full-size futures: another project's rows, which are no file of ours.
    assert {label for label in without if "future_option" not in label} == set()


def test_every_rounding_rule_of_tastytrade_is_noticed_by_real_charges(verdicts: dict[str, list[Verdict]]) -> None:
    rounding = kinds(verdicts["tastytrade"], "rounded")
    assert {one.mutant.row.component for one in rounding} == {"orf", "sec", "taf", "clearing"}
    silent = [one.mutant for one in rounding if one.by != "charge"]
    # No order of shares was filled in two parts whose tenths of a cent would tell the scopes apart.
    assert {(mutant.row.component, mutant.what) for mutant in silent} <= {("clearing", "rounded in another scope")}
