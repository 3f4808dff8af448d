"""The engine's trace says what a live run took over from the brokerage."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.start import InheritedHolding, RunStart, parse_start

LIVE = Path(__file__).resolve().parent.parent / "data" / "runs" / "live"
LOG = (LIVE / "2-L-3100000002" / "log.txt").read_bytes()


def test_a_restarted_run_says_what_cash_and_positions_it_took_over() -> None:
    found = parse_start(LOG)
    assert found.cash == {"USD": Decimal("251150.0")}
    assert found.holdings is not None
    assert [(line.symbol, line.quantity, line.average_price, line.price) for line in found.holdings] == [
        ("SPY   261231C00640000", Decimal(-2), Decimal("0.61"), Decimal("0.62")),
        ("SPY   261231P00560000", Decimal(-2), Decimal("9.37"), Decimal("9.56")),
    ]
    assert found.holdings[0].text == "Has existing holding: SPY   261231C00640000: -2 @ $0.61 - Market: $0.62"


def test_a_run_that_began_flat_is_told_from_one_that_never_asked() -> None:
    flat = parse_start((LIVE / "3-L-3100000003" / "log.txt").read_bytes())
    assert (flat.cash, flat.holdings) == ({"USD": Decimal("249904.0")}, ())
    assert parse_start(b"2026-11-18T14:28:01Z TRACE:: Engine.Main(): Started\n") == RunStart({}, None)


def test_symbols_with_colons_other_currencies_and_conversions_are_read() -> None:
    setup = "2026-01-05T14:30:00Z TRACE:: BrokerageSetupHandler.Setup(): "
    lines = (
        "Setting BTC cash to 0.00012345678",
        "Setting USD cash to -1E-05",
        "Fetching holdings from brokerage...",
        "Has existing holding: SAP: 12.5 @ €101.2 - Market: €99 - Conversion: 1.08",
        "Has existing holding: A:B C: -3 @ $-0.5 - Market: $0",
    )
    found = parse_start("".join(f"{setup}{line}\r\n" for line in lines).encode())
    assert found.cash == {"BTC": Decimal("0.00012345678"), "USD": Decimal("-0.00001")}
    assert found.holdings is not None
    assert [line.symbol for line in found.holdings] == ["SAP", "A:B C"]
    assert found.holdings[0] == InheritedHolding(
        "SAP", Decimal("12.5"), Decimal("101.2"), Decimal(99),
        "Has existing holding: SAP: 12.5 @ €101.2 - Market: €99 - Conversion: 1.08",
    )  # fmt: skip
    assert found.holdings[1].average_price == Decimal("-0.5")


@given(st.integers(0, len(LOG)))
def test_a_log_that_is_still_being_written_never_says_anything_wrong(length: int) -> None:
    whole, found = parse_start(LOG), parse_start(LOG[:length])
    assert found.cash.items() <= whole.cash.items()
    assert set(found.holdings or ()) <= set(whole.holdings or ())


@given(st.binary(max_size=300))
def test_no_bytes_can_break_the_reader(data: bytes) -> None:
    parse_start(b"BrokerageSetupHandler.Setup(): Fetching holdings from brokerage...\n" + data)
