"""Statements of Interactive Brokers and Schwab for recorded LEAN runs, written apart from everything under test.

Holds: an activity Flex query and a transactions CSV, damaged by a seed, with the key to what was put wrong.
Belongs here: how these two brokers print fills, expiries and deliveries.
Never here: our parsers, fees or matching.

What such a statement cannot show is not damaged: legs that another one equals in contract, side and session, and those
of the last session, of which a statement without times may lack the end.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from xml.sax.saxutils import quoteattr

from tests.pairs.lean_record import NEW_YORK, LeanLeg
from tests.pairs.other_opinions import ORF_IBKR, ORF_SCHWAB, Parts, delivered, ibkr_option, schwab_option

CENT = Decimal("0.01")
CAUSES = ("missing_at_broker", "price", "quantity", "commission_rate")
Broken = tuple[str, int, str]
"""Cause, LEAN's order, contract."""


@dataclass
class Made:
    """A statement, what was put wrong, and what was charged in all."""

    path: Path
    broken: set[Broken] = field(default_factory=set)
    charged: Decimal = Decimal(0)


@dataclass
class Booked:
    """A leg of LEAN as the broker books it: time, unsigned quantity and price of every execution."""

    leg: LeanLeg
    executions: list[tuple[dt.datetime, Decimal, Decimal]]
    rate: Decimal | None = None


def book(legs: Sequence[LeanLeg], random: Random, *, damages: int) -> tuple[list[Booked], set[Broken]]:
    """The trades with some of them damaged, each at most once."""
    found = [Booked(leg, _executions(leg, random)) for leg in legs if leg.kind == "trade" and leg.is_option]
    equals = Counter((one.leg.symbol, one.leg.side, one.leg.session) for one in found)
    last = max(leg.session for leg in legs)
    alone = [
        one for one in found if equals[one.leg.symbol, one.leg.side, one.leg.session] == 1 and one.leg.session != last
    ]
    broken: set[Broken] = set()
    for one in random.sample(alone, min(damages, len(alone))):
        cause = random.choice(CAUSES)
        quantity = sum((size for _, size, _ in one.executions), Decimal(0))
        if cause == "quantity" and (quantity < 2 or len(one.executions) > 1):
            cause = "price"
        if cause == "missing_at_broker":
            one.executions = []
        elif cause == "price":
            one.executions = [(when, size, price + CENT) for when, size, price in one.executions]
        elif cause == "quantity":
            [(when, size, price)] = one.executions
            one.executions = [(when, size - 1, price)]
        else:
            one.rate = Decimal("1.50")
        broken.add((cause, one.leg.order, one.leg.symbol))
    return found, broken


def _executions(leg: LeanLeg, random: Random) -> list[tuple[dt.datetime, Decimal, Decimal]]:
    found = []
    for when, quantity, price in leg.parts:
        size = abs(quantity)
        parts = [size]
        if size >= 2 and random.random() < 0.4:
            first = Decimal(random.randint(1, int(size) - 1))
            parts = [first, size - first]
        late = sorted(random.randint(0, 40) for _ in parts)
        found += [(when + dt.timedelta(seconds=wait), part, price) for wait, part in zip(late, parts, strict=True)]
    return found


# --- Interactive Brokers -----------------------------------------------------------------------------------------------


def flex(legs: Sequence[LeanLeg], folder: Path, seed: int, *, damages: int = 4, more_orf: Decimal = Decimal(0)) -> Made:
    """An activity query with a commission for each execution and its unbundled parts."""
    random = Random(seed)
    booked, broken = book(legs, random, damages=damages)
    made = Made(folder / "flex_activity.xml", broken)
    numbers: dict[object, int] = {}
    trades: list[str] = []
    parts: list[str] = []
    for one in booked:
        number = numbers.setdefault(one.leg.unit, 500_000 + len(numbers))
        executions = [(size, price) for _, size, price in one.executions]
        sells = one.leg.side == "sell"
        charged = ibkr_option(one.leg.session, executions, sells=sells, rate=one.rate, orf=ORF_IBKR + more_orf)
        for (when, size, price), fees in zip(one.executions, charged, strict=True):
            trade_id = str(3_000_000_000 + len(trades))
            made.charged += _total(fees)
            trades.append(_trade(one.leg, when, size, price, number=number, trade_id=trade_id, charged=_total(fees)))
            parts.append(_unbundled(one.leg, when, size, price, trade_id=trade_id, fees=fees))
    for leg in legs:
        if leg.kind != "trade" and leg.settled_at is None:
            when = dt.datetime.combine(leg.session, dt.time(16, 20), NEW_YORK)
            size, price = abs(leg.quantity), leg.price if leg.kind == "delivery" else Decimal(0)
            fees = (
                delivered(leg.session, size, price, sells=leg.side == "sell", to_the_cent=False)
                if leg.kind == "delivery"
                else {}
            )
            made.charged += _total(fees)
            trade_id = str(3_000_000_000 + len(trades))
            trades.append(_trade(leg, when, size, price, number=0, trade_id=trade_id, charged=_total(fees)))
    random.shuffle(trades)
    first, last = min(leg.session for leg in legs), max(leg.session for leg in legs) + dt.timedelta(days=10)
    folder.mkdir(parents=True, exist_ok=True)
    made.path.write_text(
        '<FlexQueryResponse queryName="made up" type="AF"><FlexStatements count="1">\n'
        f'<FlexStatement accountId="U1234567" fromDate="{first:%Y%m%d}" toDate="{last:%Y%m%d}" period="" '
        f'whenGenerated="{last:%Y%m%d};211500">\n<Trades>\n' + "\n".join(trades) + "\n</Trades>\n"
        "<UnbundledCommissionDetails>\n" + "\n".join(parts) + "\n</UnbundledCommissionDetails>\n"
        "</FlexStatement>\n</FlexStatements></FlexQueryResponse>\n",
        encoding="utf-8",
    )
    return made


def _trade(
    leg: LeanLeg, when: dt.datetime, size: Decimal, price: Decimal, *, number: int, trade_id: str, charged: Decimal
) -> str:
    local = when.astimezone(NEW_YORK)
    sign = 1 if leg.quantity > 0 else -1
    unit = 100 if leg.is_option else 1
    notes = {"expiration": "Ep", "assignment": "A", "exercise": "Ex", "delivery": "A"}.get(leg.kind, "")
    is_trade = leg.kind == "trade"
    contract = (
        {
            "assetCategory": "OPT", "underlyingSymbol": leg.symbol[:6].strip(), "multiplier": "100",
            "strike": _plain(Decimal(leg.symbol[13:]) / 1000), "expiry": f"20{leg.symbol[6:12]}", "putCall": leg.symbol[12],
        }
        if leg.is_option
        else {"assetCategory": "STK", "multiplier": "1"}
    )  # fmt: skip
    return _element("Trade", {
        "accountId": "U1234567", "currency": "USD", "fxRateToBase": "1", "symbol": leg.symbol, **contract,
        "tradeID": trade_id, "transactionID": f"9{trade_id}", "ibExecID": f"0000e0d5.{trade_id}.01.01" if is_trade else "",
        "ibOrderID": str(number) if is_trade else "", "reportDate": f"{local:%Y%m%d}", "tradeDate": f"{local:%Y%m%d}",
        "dateTime": f"{local:%Y%m%d;%H%M%S}", "transactionType": "ExchTrade" if is_trade else "BookTrade",
        "exchange": "PHLX" if is_trade else "--", "quantity": _plain(size * sign), "tradePrice": _plain(price),
        "proceeds": _plain(-size * sign * price * unit), "taxes": "0", "ibCommission": _plain(-charged),
        "ibCommissionCurrency": "USD", "netCash": _plain(-size * sign * price * unit - charged),
        "openCloseIndicator": leg.effect[0].upper(), "notes": notes, "buySell": leg.side.upper(),
        "levelOfDetail": "EXECUTION",
    })  # fmt: skip


def _unbundled(leg: LeanLeg, when: dt.datetime, size: Decimal, price: Decimal, *, trade_id: str, fees: Parts) -> str:
    local = when.astimezone(NEW_YORK)
    sign = 1 if leg.quantity > 0 else -1
    none = Decimal(0)
    regulatory = fees.get("sec", none) + fees.get("taf", none) + fees["orf"]
    return _element("UnbundledCommissionDetail", {
        "accountId": "U1234567", "currency": "USD", "symbol": leg.symbol, "tradeID": trade_id,
        "dateTime": f"{local:%Y%m%d;%H%M%S}", "exchange": "PHLX", "quantity": _plain(size * sign), "price": _plain(price),
        "totalCommission": _plain(-_total(fees)), "brokerExecutionCharge": _plain(-fees["commission"]),
        "brokerClearingCharge": "0", "thirdPartyExecutionCharge": "0",
        "thirdPartyClearingCharge": _plain(-fees["clearing"]), "thirdPartyRegulatoryCharge": _plain(-regulatory),
        "regFINRATradingActivityFee": _plain(-fees.get("taf", none)),
        "regSection31TransactionFee": _plain(-fees.get("sec", none)), "regOther": "0", "other": "0",
    })  # fmt: skip


def _element(name: str, attributes: dict[str, str]) -> str:
    return f"<{name} " + " ".join(f"{key}={quoteattr(value)}" for key, value in attributes.items()) + " />"


# --- Schwab ------------------------------------------------------------------------------------------------------------


def schwab(
    legs: Sequence[LeanLeg], folder: Path, seed: int, *, damages: int = 4, more_orf: Decimal = Decimal(0)
) -> Made:
    """The web site's CSV: a day and no time, one row for all that an order filled at one price."""
    random = Random(seed)
    booked, broken = book(legs, random, damages=damages)
    made = Made(folder / "Individual_XXX123_Transactions.csv", broken)
    lines: list[tuple[dt.date, list[str]]] = []
    for one in booked:
        sizes: dict[Decimal, Decimal] = {}
        for _, size, price in one.executions:
            sizes[price] = sizes.get(price, Decimal(0)) + size
        for price, size in sizes.items():
            sells = one.leg.side == "sell"
            fees = schwab_option(
                one.leg.session,
                size,
                price,
                sells=sells,
                closes=one.leg.effect == "close",
                rate=one.rate,
                orf=ORF_SCHWAB + more_orf,
            )
            made.charged += _total(fees)
            action = f"{'Sell' if sells else 'Buy'} to {one.leg.effect.title()}"
            lines.append((one.leg.session, _line(one.leg, action, size, price, _total(fees))))
    for leg in legs:
        if leg.kind in ("expiration", "assignment", "exercise") and leg.settled_at is None:
            action = {"expiration": "Expired", "assignment": "Assigned"}.get(leg.kind, "Exchange or Exercise")
            lines.append((leg.session, _line(leg, action, abs(leg.quantity), None, None)))
        elif leg.kind == "delivery":
            sells = leg.side == "sell"
            fees = delivered(leg.session, abs(leg.quantity), leg.price, sells=sells, to_the_cent=True)
            made.charged += _total(fees)
            action = "Sell" if sells else "Buy"
            lines.append((leg.session, _line(leg, action, abs(leg.quantity), leg.price, _total(fees))))
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(["Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount"])
    writer.writerows(line for _, line in sorted(lines, key=lambda item: item[0], reverse=True))
    folder.mkdir(parents=True, exist_ok=True)
    made.path.write_text(text.getvalue(), encoding="utf-8")
    return made


def _line(leg: LeanLeg, action: str, size: Decimal, price: Decimal | None, fees: Decimal | None) -> list[str]:
    booked = day = leg.session
    if leg.kind != "trade":
        booked += dt.timedelta(days=3 if day.weekday() == 4 else 1)
    date = f"{booked:%m/%d/%Y}" + (f" as of {day:%m/%d/%Y}" if booked != day else "")
    symbol = leg.symbol
    if leg.is_option:
        name = leg.symbol
        strike = Decimal(name[13:]) / 1000
        symbol = f"{name[:6].strip()} {name[8:10]}/{name[10:12]}/20{name[6:8]} {strike:.2f} {name[12]}"
    if price is None:
        return [date, action, symbol, "", _plain(size), "", "", ""]
    unit = 100 if leg.is_option else 1
    amount = size * price * unit * (1 if leg.side == "sell" else -1) - (fees or Decimal(0))
    shown = f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"
    paid = f"${fees:.2f}" if fees else ""
    return [date, action, symbol, "", _plain(size), f"${price:,.2f}", paid, shown]


def _total(fees: Parts) -> Decimal:
    return sum(fees.values(), Decimal(0))


def _plain(number: Decimal) -> str:
    text = format(number.normalize(), "f")
    return "0" if text == "-0" else text
