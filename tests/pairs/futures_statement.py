"""Interactive Brokers' statement for recorded runs in futures and options on them, with fees written a second time.

Holds: a Flex query with unbundled commissions for fills of ES and its options, and one of micro contracts that no run
traded.
Belongs here: what the broker's and exchange's pages ask for these products in 2020 and 2026.
Never here: anything of `tomking.kernel`: this is the opinion it is compared with.

A contract costs 0.85 (micro 0.25) for the broker, the exchange's fee and the association's 0.02 (0.01 from July 2026).
An option that is exercised is charged as if traded, the future it delivers nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import quoteattr

from tests.pairs.lean_record import NEW_YORK, LeanLeg

_BROKER = {"ES": Decimal("0.85"), "MES": Decimal("0.25")}
_EXCHANGE = {
    ("ES", "FUT"): Decimal("1.18"),
    ("ES", "FOP"): Decimal("0.55"),
    ("MES", "FUT"): Decimal("0.35"),
    ("MES", "FOP"): Decimal("0.20"),
}
_UNIT = {"ES": 50, "MES": 5}
_MONTHS = "FGHJKMNQUVXZ"


@dataclass(frozen=True)
class Booked:
    """A fill as the broker books it; quantity signed."""

    when: dt.datetime
    product: str
    future: str
    """The contract, `ESH0`."""
    quantity: Decimal
    price: Decimal
    effect: str
    expiry: dt.date
    right: str = ""
    strike: Decimal = Decimal(0)
    kind: str = "trade"
    order: int = 0

    @property
    def category(self) -> str:
        """FUT or FOP."""
        return "FOP" if self.right else "FUT"

    @property
    def fees(self) -> dict[str, Decimal]:
        """What it is charged, part by part."""
        if self.kind in ("delivery", "expiration") and not (self.right and self.kind == "delivery"):
            return {}
        size = abs(self.quantity)
        association = Decimal("0.01") if self.when.date() >= dt.date(2026, 7, 1) else Decimal("0.02")
        return {
            "brokerExecutionCharge": _BROKER[self.product] * size,
            "thirdPartyExecutionCharge": _EXCHANGE[self.product, self.category] * size,
            "thirdPartyRegulatoryCharge": association * size,
        }

    @property
    def charged(self) -> Decimal:
        """All of it."""
        return sum(self.fees.values(), Decimal(0))


def book(legs: Sequence[LeanLeg]) -> list[Booked]:
    """The legs of a run. An option that ends without delivering a future expires, and so does what LEAN sells of a
    future after its last day: the broker settles that."""
    delivering = {leg.order for leg in legs if " " not in leg.symbol}
    found = []
    for fill in map(_booked, legs):
        if fill.right:
            ends = fill.kind == "delivery" and fill.order not in delivering
        else:
            ends = fill.kind == "trade" and fill.when.date() > fill.expiry
        found.append(replace(fill, kind="expiration") if ends else fill)
    return found


def _booked(leg: LeanLeg) -> Booked:
    """A leg of a run. LEAN writes `ES19M20` for the future that ends on the 19th of June 2020."""
    name, _, option = leg.symbol.partition(" ")
    product, day, month, year = name[:-5], int(name[-5:-3]), name[-3], 2000 + int(name[-2:])
    future = f"{product}{month}{year % 10}"
    option = option.strip()
    ends = (
        dt.date(2000 + int(option[:2]), int(option[2:4]), int(option[4:6]))
        if option
        else dt.date(year, _MONTHS.index(month) + 1, day)
    )
    return Booked(
        when=leg.when, product=product, future=future, quantity=leg.quantity, price=leg.price, effect=leg.effect,
        expiry=ends, right=option[6] if option else "", strike=Decimal(option[7:]) / 1000 if option else Decimal(0),
        kind=leg.kind, order=leg.order,
    )  # fmt: skip


def flex(fills: Sequence[Booked], path: Path, *, unbundled: bool = True) -> Path:
    """The statement; without `unbundled` details every charge is one figure."""
    trades, details = [], []
    for place, fill in enumerate(fills):
        trade_id = str(700_000_000 + place)
        trades.append(_element("Trade", _trade(fill, trade_id)))
        if unbundled and fill.fees:
            details.append(_element("UnbundledCommissionDetail", _detail(fill, trade_id)))
    days = [_day(fill) for fill in fills]
    first, last = min(days), max(days) + dt.timedelta(days=10)
    parts = f"<UnbundledCommissionDetails>\n{chr(10).join(details)}\n</UnbundledCommissionDetails>\n" if details else ""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        '<FlexQueryResponse queryName="futures" type="AF"><FlexStatements count="1">\n'
        f'<FlexStatement accountId="U1234567" fromDate="{first:%Y%m%d}" toDate="{last:%Y%m%d}" period="" '
        f'whenGenerated="{last:%Y%m%d};211500">\n<Trades>\n' + "\n".join(trades) + f"\n</Trades>\n{parts}"
        "</FlexStatement>\n</FlexStatements></FlexQueryResponse>\n",
        encoding="utf-8",
    )
    return path


def _day(fill: Booked) -> dt.date:
    local = fill.when.astimezone(NEW_YORK)
    return local.date() - dt.timedelta(days=1) if fill.kind != "trade" and local.hour < 4 else local.date()


def _trade(fill: Booked, trade_id: str) -> dict[str, str]:
    local, day = fill.when.astimezone(NEW_YORK), _day(fill)
    clock = f"{local:%Y%m%d;%H%M%S}" if fill.kind == "trade" else f"{day:%Y%m%d};162000"
    option = {"strike": f"{fill.strike.normalize():f}", "putCall": fill.right} if fill.right else {}
    symbol = f"{fill.future} {fill.right}{fill.strike.normalize():f}" if fill.right else fill.future
    unit = _UNIT[fill.product]
    proceeds = Decimal(0) if not fill.right else -fill.quantity * fill.price * unit
    return {
        "accountId": "U1234567", "currency": "USD", "assetCategory": fill.category, "symbol": symbol,
        "description": symbol, "multiplier": str(unit), "expiry": f"{fill.expiry:%Y%m%d}", **option,
        "underlyingSymbol": fill.future if fill.right else fill.product, "tradeID": trade_id,
        "transactionType": "ExchTrade" if fill.kind == "trade" else "BookTrade", "dateTime": clock,
        "tradeDate": f"{day:%Y%m%d}", "buySell": "BUY" if fill.quantity > 0 else "SELL", "quantity": str(fill.quantity),
        "tradePrice": str(fill.price if fill.kind != "expiration" else 0), "proceeds": f"{proceeds:f}", "taxes": "0",
        "ibCommission": f"{-fill.charged:f}", "ibCommissionCurrency": "USD", "netCash": f"{proceeds - fill.charged:f}",
        "openCloseIndicator": fill.effect[0].upper(), "levelOfDetail": "EXECUTION",
        "notes": {"delivery": "Ex" if fill.right else "", "expiration": "Ep"}.get(fill.kind, ""),
        "ibOrderID": str(fill.order) if fill.kind == "trade" else "", "ibExecID": f"0001.{trade_id}",
    }  # fmt: skip


def _detail(fill: Booked, trade_id: str) -> dict[str, str]:
    return {
        "tradeID": trade_id, "accountId": "U1234567", "currency": "USD", "totalCommission": f"{-fill.charged:f}",
        **{name: f"{-amount:f}" for name, amount in fill.fees.items()},
    }  # fmt: skip


def _element(name: str, attributes: dict[str, str]) -> str:
    return f"<{name} " + " ".join(f"{key}={quoteattr(text)}" for key, text in attributes.items()) + " />"


def micro_fills() -> list[Booked]:
    """Micro contracts of August 2026 and options on them: four fills in each, two of them a round trip."""
    start = dt.datetime(2026, 8, 3, 14, 30, tzinfo=dt.UTC)
    found = []
    for place, (quantity, right) in enumerate(
        ((2, ""), (-2, ""), (3, ""), (-3, ""), (1, "P"), (-1, "P"), (4, "C"), (-4, "C"))
    ):
        found.append(
            Booked(
                when=start + dt.timedelta(days=place // 2, minutes=7 * place), product="MES", future="MESU6",
                quantity=Decimal(quantity), price=Decimal("6400.25") if not right else Decimal("21.5"),
                effect="open" if place % 2 == 0 else "close", expiry=dt.date(2026, 9, 18), right=right,
                strike=Decimal(6300) if right else Decimal(0), order=9_000 + place,
            )
        )  # fmt: skip
    return found
