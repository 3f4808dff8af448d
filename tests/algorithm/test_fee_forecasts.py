"""Fee forecasts at fill time: the parameter set's regulatory fee, opening and closing, and never an exception."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.algorithm.support import PUT, as_lean, journal, of_kind
from tests.lean_double.store import ObjectStore
from tomking.adapters.fees import FeeForecaster, schedule_with
from tomking.adapters.journal import Journal
from tomking.adapters.object_store import Store
from tomking.kernel.fees import schedule_for
from tomking.kernel.parameters import default_values

NOW = datetime(2020, 1, 14, 18, tzinfo=UTC)
DAY = date(2020, 1, 14)
EVENT = as_lean(
    SimpleNamespace(order_id=5, id=2, order_fee=SimpleNamespace(value=SimpleNamespace(amount=1.0, currency="USD")))
)


def make(folder: Path, broker: str = "tastytrade") -> tuple[FeeForecaster, Journal]:
    log = Journal(Store(as_lean(ObjectStore(folder))), "demo", lambda: NOW)
    log.begin("run-1", mode="backtest")
    forecaster = FeeForecaster(broker, log, lambda: NOW)
    forecaster.use(default_values(), DAY)
    return forecaster, log


def test_the_regulatory_fee_of_the_set_holds_from_its_day() -> None:
    changed = schedule_with("tastytrade", {**default_values(), "fees.orf_per_contract": "0.0123"}, DAY)
    row, before = changed.rate("orf", "equity_option", DAY), changed.rate("orf", "equity_option", date(2020, 1, 13))
    assert row is not None
    assert row.amount == Decimal("0.0123")
    assert before == schedule_for("tastytrade").rate("orf", "equity_option", date(2020, 1, 13))
    assert schedule_with("tastytrade", default_values(), DAY).rows == schedule_for("tastytrade").rows


def test_opening_and_closing_are_told_by_the_position_before_the_fill(tmp_path: Path) -> None:
    forecaster, log = make(tmp_path)
    forecaster.on_fill(EVENT, PUT, Decimal(-1), Decimal("1.10"), now=NOW, tag=None)
    closing = as_lean(SimpleNamespace(**{**vars(EVENT), "order_id": 6}))
    forecaster.on_fill(closing, PUT, Decimal(1), Decimal("0.55"), now=NOW, tag="a person's own tag")
    forecaster.inherit({"SPY": 100})
    selling = as_lean(SimpleNamespace(**{**vars(EVENT), "order_id": 7}))
    forecaster.on_fill(
        selling, "SPY", Decimal(-100), Decimal(320), now=NOW, tag="tk1|strangle|assignment|close:assignment"
    )
    log.flush()
    opened, closed, shares = of_kind(journal(tmp_path), "fee_forecast")
    charged = [one["components"] for one in (opened, closed)]
    assert [Decimal(str(one["commission"])) for one in charged if isinstance(one, dict)] == [Decimal(1), Decimal(0)]
    assert "trade_id" not in closed
    assert shares["trade_id"] == "assignment"


def test_a_settlement_moves_the_position_without_a_fee(tmp_path: Path) -> None:
    forecaster, log = make(tmp_path)
    forecaster.inherit({PUT: -1})
    forecaster.move(PUT, Decimal(1))
    forecaster.on_fill(EVENT, PUT, Decimal(1), Decimal("0.55"), now=NOW, tag=None)
    log.flush()
    (line,) = of_kind(journal(tmp_path), "fee_forecast")
    assert isinstance(line["components"], dict)
    assert Decimal(str(line["components"]["commission"])) == 1


def test_a_broker_without_a_schedule_is_reported_once_and_forecasts_nothing(tmp_path: Path) -> None:
    forecaster, log = make(tmp_path, "nobody")
    forecaster.on_fill(EVENT, PUT, Decimal(-1), Decimal("1.10"), now=NOW, tag=None)
    log.flush()
    assert [line["kind"] for line in journal(tmp_path)] == ["run_started", "error"]


numbers = st.decimals(allow_nan=False, allow_infinity=False)


@given(st.text(), numbers, numbers, st.none() | st.text(), st.sampled_from([EVENT, SimpleNamespace(order_id=1, id=1)]))
def test_no_fill_whatever_it_says_raises(
    key: str, quantity: Decimal, price: Decimal, tag: str | None, event: Any
) -> None:
    class Nowhere(ObjectStore):
        def contains_key(self, key: str) -> bool:
            return False

        def save(self, key: str, text: str) -> bool:
            return True

    forecaster, log = make(Path())
    log._store = Store(as_lean(Nowhere(Path())))
    forecaster.on_fill(event, key, quantity, price, now=NOW, tag=tag)
    forecaster.on_fill(event, PUT, quantity, price, now=NOW, tag=tag)
