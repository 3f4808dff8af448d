"""Every charge that a broker printed in the samples is explained, or named as one that no schedule prices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.steps.fee_shares import Shares, shares

pytestmark = pytest.mark.slow
NOT_JUDGED = frozenset({"no_rate", "no_schedule", "no_session", "row_contradicts_itself"})
MOST_UNKNOWN = 0.002


def of(found: Shares, origin: str, brokers: Iterable[str]) -> Counter[str]:
    return sum(
        (causes for (broker, _, made), causes in found.items() if made == origin and broker in brokers), Counter()
    )


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Shares:
    return shares(tmp_path_factory.mktemp("apart"))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Shares:
    """All statements of a broker in one account, whose plan changes with the person who printed them."""
    return shares(tmp_path_factory.mktemp("together"), together=True)


@pytest.mark.parametrize("broker", ["ibkr", "schwab", "tastytrade", "tdameritrade"])
@pytest.mark.parametrize("how", ["apart", "together"])
def test_of_what_brokers_printed_almost_nothing_is_unknown(
    broker: str, how: str, request: pytest.FixtureRequest
) -> None:
    causes = of(request.getfixturevalue(how), "real", [broker])
    assert causes["unknown"] <= MOST_UNKNOWN * sum(causes.values())


def test_all_orders_of_shares_in_the_united_states_are_explained(apart: Shares) -> None:
    causes = apart["ibkr", "equity", "real"]
    assert set(causes) <= {"reproduced", "component_not_modelled", *NOT_JUDGED}
    assert causes["reproduced"] + causes["component_not_modelled"] >= 19


def test_equity_options_of_tastytrade_are_reproduced_to_the_cent(apart: Shares) -> None:
    causes = apart["tastytrade", "equity_option", "real"]
    assert causes["reproduced"] / sum(causes.values()) >= 0.99


def test_what_another_person_made_up_is_not_explained_away(apart: Shares) -> None:
    assert of(apart, "invented", ["schwab"])["unknown"] > 0
