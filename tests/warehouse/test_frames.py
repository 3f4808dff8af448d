"""Frames carry every value exactly, or refuse it by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.warehouse import samples
from warehouse.errors import FrameError
from warehouse.frames import (
    MONEY,
    conform,
    frame,
    frame_schema,
    money_if_it_fits,
    money_if_known,
    money_series,
    to_money,
)
from warehouse.models import Base
from warehouse.models.base import MONEY_SCALE
from warehouse.models.ops import LedgerFile, QuarantineItem
from warehouse.models.records.market import DailyPrice
from warehouse.models.records.runs import ProfitLossEntry, Run


def test_every_declared_table_has_an_exact_frame_schema() -> None:
    for mapper in Base.registry.mappers:
        model: type[Base] = mapper.class_
        assert set(frame_schema(model)) == {column.name for column in mapper.columns}


def test_money_and_instants_have_the_types_of_the_warehouse() -> None:
    schema = frame_schema(ProfitLossEntry)
    assert schema["amount"] == pl.Decimal(38, 18)
    assert schema["booked_at"] == pl.Datetime("us", "UTC")
    assert schema["position"] == pl.Int64


def test_a_frame_of_no_rows_still_has_every_column() -> None:
    assert frame(Run, []).schema == frame_schema(Run)


@given(st.lists(samples.runs, max_size=5))
def test_a_frame_gives_back_what_was_put_in(rows: list[Mapping[str, object]]) -> None:
    made = frame(Run, rows).rows(named=True)
    for row, kept in zip(rows, made, strict=True):
        assert {name: kept[name] for name in row} == row
        assert all(kept[name] is None for name in kept.keys() - row.keys())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", 1.5),
        ("amount", "1.5"),
        ("amount", True),
        ("amount", Decimal("NaN")),
        ("amount", Decimal("Infinity")),
        ("amount", Decimal("1e-19")),
        ("amount", Decimal("1e20")),
        ("position", 1.0),
        ("position", True),
        ("position", 2**63),
        ("run_id", 7),
        ("run_id", b"x"),
        ("booked_at", samples.INSTANT.replace(tzinfo=None)),
        ("booked_at", dt.date(2026, 1, 1)),
        ("booked_at", "2026-01-01"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_table_column_and_row(name: str, value: object) -> None:
    rows = [samples.profit("r", 0), {**samples.profit("r", 1), name: value}]
    with pytest.raises(FrameError) as caught:
        frame(ProfitLossEntry, rows)
    assert f"records.profit_loss.{name}" in caught.value.what
    assert caught.value.where == "row 1"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal(1), "1"])
def test_a_statistic_is_a_finite_float(value: object) -> None:
    row = {"source": "s", "symbol": "x", "session_date": dt.date(2026, 1, 2), "revision": 0}
    row |= {"close": value, "adjusted_close": 1.0, "known_at": samples.INSTANT}
    with pytest.raises(FrameError, match=r"records\.daily_prices\.close"):
        frame(DailyPrice, [row])


def test_a_day_is_not_an_instant() -> None:
    row = {"source": "s", "symbol": "x", "session_date": samples.INSTANT, "revision": 0}
    row |= {"close": 1, "adjusted_close": 1, "known_at": samples.INSTANT}
    with pytest.raises(FrameError, match="session_date"):
        frame(DailyPrice, [row])


def test_a_missing_required_column_is_refused_by_name() -> None:
    row = samples.profit("r", 0)
    del row["amount"]
    with pytest.raises(FrameError, match=r"records\.profit_loss\.amount is required and missing; where: row 0"):
        frame(ProfitLossEntry, [row])


def test_an_unknown_column_is_refused_by_name() -> None:
    with pytest.raises(FrameError, match=r"records\.profit_loss has no column 'fee'"):
        frame(ProfitLossEntry, [{**samples.profit("r", 0), "fee": 1}])


def test_instants_of_any_zone_become_utc() -> None:
    eastern = dt.timezone(dt.timedelta(hours=-4))
    row = {**samples.profit("r", 0), "booked_at": dt.datetime(2026, 3, 9, 16, 15, tzinfo=eastern)}
    assert frame(ProfitLossEntry, [row])["booked_at"][0] == dt.datetime(2026, 3, 9, 20, 15, tzinfo=dt.UTC)


@given(samples.amounts)
def test_an_amount_that_fits_is_left_as_it_is(amount: Decimal) -> None:
    assert to_money(amount) == amount
    assert to_money(str(amount)) == amount


@given(st.decimals(-(10**19), 10**19, places=28, allow_nan=False, allow_infinity=False))
def test_longer_amounts_are_rounded_half_even_to_eighteen_places(amount: Decimal) -> None:
    rounded = to_money(amount)
    with localcontext(prec=60):
        assert abs(rounded - amount) <= Decimal(5).scaleb(-MONEY_SCALE - 1)
        assert rounded == amount.quantize(Decimal(1).scaleb(-MONEY_SCALE), rounding=ROUND_HALF_EVEN)
    assert frame(ProfitLossEntry, [samples.profit("r", 0, rounded)])["amount"][0] == rounded


@pytest.mark.parametrize("value", ["1e20", "-123456789012345678901", "99999999999999999999.9999999999999999995"])
def test_an_amount_of_more_than_twenty_integer_digits_is_refused(value: str) -> None:
    with pytest.raises(FrameError, match="integer digits"):
        to_money(value)


@pytest.mark.parametrize("value", ["", "abc", "1,5", "NaN", "-Infinity", "sNaN"])
def test_what_is_no_amount_is_refused(value: str) -> None:
    with pytest.raises(FrameError):
        to_money(value)


def test_an_unknown_amount_stays_unknown_and_only_a_mere_figure_may_become_so() -> None:
    large = Decimal("1e20")
    assert (money_if_known(None), money_if_it_fits(None)) == (None, None)
    assert money_if_known(Decimal("1.5")) == money_if_it_fits(Decimal("1.5")) == Decimal("1.5")
    assert money_if_it_fits(large) is None
    with pytest.raises(FrameError):
        money_if_known(large)


def test_conforming_fills_absent_columns_and_widens_what_stays_exact() -> None:
    given_frame = pl.DataFrame(
        {"run_id": ["r"], "booked_at": [samples.INSTANT], "position": [1], "amount": [Decimal("1.25")]},
        schema={
            "run_id": pl.String,
            "booked_at": pl.Datetime("us", "UTC"),
            "position": pl.Int32,
            "amount": pl.Decimal(10, 2),
        },
    )
    made = conform(ProfitLossEntry, given_frame)
    assert made.schema == frame_schema(ProfitLossEntry)
    assert made["amount"][0] == Decimal("1.25")
    items = pl.DataFrame({"line": [None]}, schema={"line": pl.Null})
    with pytest.raises(FrameError, match=r"ops\.quarantine\.quarantine_id is required"):
        conform(QuarantineItem, items)


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("amount", pl.Float64), ("amount", pl.String), ("position", pl.Float64), ("booked_at", pl.Datetime("us"))],
)
def test_conforming_refuses_what_could_change_a_value(name: str, dtype: pl.DataType) -> None:
    schema = dict(frame_schema(ProfitLossEntry)) | {name: dtype}
    with pytest.raises(FrameError, match=rf"records\.profit_loss\.{name} takes"):
        conform(ProfitLossEntry, pl.DataFrame(schema=schema))


@settings(max_examples=20)
@given(st.integers(0, 2**63 - 1))
def test_file_sizes_pass_thirty_two_bits(size: int) -> None:
    row = {**samples.ledger_file(), "size": size, "first_seen_at": samples.INSTANT, "last_seen_at": samples.INSTANT}
    assert frame(LedgerFile, [row])["size"][0] == size


AMOUNTS = (
    st.decimals(allow_nan=False, allow_infinity=False, places=25, min_value=-(10**21), max_value=10**21).map(
        lambda number: format(number, "f")
    )
    | st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
    | st.sampled_from(["0", "-0.0", "99999999999999999999.9999999999999999995", "1E-400", "1.000000000000000000000"])
    | st.none()
)


@given(texts=st.lists(AMOUNTS, max_size=12))
def test_a_column_of_texts_becomes_the_amounts_that_each_text_does(texts: list[str | None]) -> None:
    def one(text: str | None) -> Decimal | None:
        try:
            return None if text is None else to_money(text)
        except FrameError:
            return None

    # Few are made one by one, many as a column.
    for given_texts in (texts, texts * 201):
        found = money_series(pl.Series("amount", given_texts, dtype=pl.String))
        assert (found.name, found.dtype) == ("amount", MONEY)
        assert found.to_list() == [one(text) for text in texts] * (len(given_texts) // max(len(texts), 1))
