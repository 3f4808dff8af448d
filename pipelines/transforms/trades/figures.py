"""Figures of a strategy trade.

Holds: its cash, fees, result, legs, the best and the worst it can come to, and what ended it.
Belongs here: a figure that follows from the fills a trade took.
Never here: which fills those are, prices between fills (`trade_excursions`), chains.

Only what is certain is written: money is None where a multiplier, an opening fill or a settlement price is unknown.
Amounts are in the currency the contracts are quoted in, gross of fees.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

from pipelines.transforms.trades.books import OPENING, Book, Take
from pipelines.transforms.trades.kinds import Contract, Leg, units_of
from pipelines.transforms.trades.packages import ZERO

DAY = Decimal(86_400)
SHARE_PLACES = Decimal("0.000001")
# What ends a trade when several things do on its last day: the one a trader would name first.
_ENDINGS = ("margin_call", "assigned", "cash_settled", "rolled", "closed", "expired")


class TradeLeg(NamedTuple):
    """A contract within a trade. Quantities signed; prices are means per unit, None where they cannot be told."""

    contract: Contract
    quantity: Decimal
    opened_price: Decimal | None
    closed_quantity: Decimal
    closed_price: Decimal | None
    profit_loss: Decimal | None
    fees: Decimal | None
    ended_by: str


def total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """The sum; None where any is unknown."""
    result = ZERO
    for amount in amounts:
        if amount is None:
            return None
        result += amount
    return result


def credit_of(book: Book) -> Decimal | None:
    """Net cash of the opening; a debit is negative."""
    return total(take.cash for take in book.takes if take.part == OPENING) if book.legs else None


def result_of(book: Book) -> Decimal | None:
    """What the trade earned, once nothing is held any more."""
    if not book.legs or book.is_overclosed or not book.is_flat:
        return None
    return total(take.cash for take in book.takes)


def quantity_of(book: Book) -> Decimal | None:
    """How many of the strategy: as the combo that opened it asked for, at most what was filled; else what was filled."""
    opened = units_of(book.legs) if book.legs else None
    ordered = units_of(book.ordered) if book.ordered else None
    if opened is None or ordered is None or len(book.ordered) < len(book.legs):
        return opened
    return min(opened, ordered)


def fees_by_currency(takes: Iterable[Take]) -> dict[str, Decimal]:
    """The fees of these takes' fills, each fill in the trade that took of it first."""
    fees: dict[str, Decimal] = {}
    for take in takes:
        fill = take.fill
        if take.pays_fee and fill.fee is not None and fill.fee_currency:
            fees[fill.fee_currency] = fees.get(fill.fee_currency, ZERO) + fill.fee
    return fees


def fees_of(takes: Iterable[Take]) -> Decimal | None:
    """Their sum; None where it is in several currencies."""
    fees = fees_by_currency(takes)
    return next(iter(fees.values()), ZERO) if len(fees) <= 1 else None


def end_of(book: Book) -> tuple[str, dt.datetime | None]:
    """What ended the trade, and when; open and None while anything it opened is held."""
    endings = [(take.fill.session_date, ending_of(take)) for take in book.takes if _ends(take)]
    if not book.opened:
        # Opened by an earlier deployment: what is left of it here is its closing.
        return (_last_ending(endings) if endings else "open"), book.last_at
    if book.holds_opened or not endings:
        return "open", None
    return ("rolled" if book.is_rolled else _last_ending(endings)), book.last_at


def _ends(take: Take) -> bool:
    return take.part != OPENING and take.fill.kind != "delivery"


def ending_of(take: Take) -> str:
    """What a closing take does to its leg."""
    if take.part == "assignment":
        return "assigned" if take.fill.delivers else "cash_settled"
    return {"expiry": "expired", "margin_call": "margin_call", "roll": "rolled"}.get(take.part, "closed")


def _last_ending(endings: Sequence[tuple[dt.date, str]]) -> str:
    last = max(day for day, _ in endings)
    names = {name for day, name in endings if day == last}
    if not names & {"margin_call", "rolled"} and any(name == "assigned" for _, name in endings):
        return "assigned"  # what comes after is its tail: shares are sold, the other legs closed or left to expire
    return next(name for name in _ENDINGS if name in names)


def days_between(start: dt.datetime | None, end: dt.datetime | None) -> Decimal | None:
    """Calendar days to four places."""
    if start is None or end is None:
        return None
    return (Decimal((end - start) // dt.timedelta(seconds=1)) / DAY).quantize(Decimal("0.0001"))


def days_to_expiry(book: Book) -> int | None:
    """Calendar days from the session of the first opening fill to the first expiry of an option it opened."""
    expiries = [contract.expiry for contract in book.opened if contract.is_option and contract.expiry is not None]
    first = next((take.fill.session_date for take in book.takes if take.part == OPENING), None)
    return (min(expiries) - first).days if expiries and first is not None else None


def strikes_text(legs: Sequence[Leg]) -> str | None:
    """The opened strikes as a trader writes them: `305p/310p/320c/325c`, a ratio before its strike."""
    options = sorted(
        (contract.expiry or dt.date.min, contract.strike or ZERO, contract.call_put or "", quantity)
        for contract, quantity in legs
        if contract.is_option
    )
    if not options:
        return None
    least = min(abs(quantity) for *_, quantity in options)
    texts = []
    for _, strike, call_put, quantity in options:
        ratio = abs(quantity) / least
        times = f"{ratio.normalize():f}x" if ratio != 1 else ""
        texts.append(f"{times}{strike.normalize():f}{call_put.lower()}")
    return "/".join(texts)


def extremes(legs: Sequence[Leg], credit: Decimal | None) -> tuple[Decimal | None, Decimal | None]:
    """The best and the worst result at the expiry all options share (a loss is negative).

    The payoff is piecewise linear in the underlying's price: its corners are zero and the strikes, its end the slope
    above the last strike. None: unlimited, or not defined (several expiries or underlyings, a multiplier unknown,
    nothing but futures or currencies).
    """
    options = [leg for leg in legs if leg[0].is_option]
    others = [leg for leg in legs if not leg[0].is_option]
    known = credit is not None and all(contract.multiplier is not None for contract, _ in legs)
    single = (
        len({contract.family for contract, _ in legs}) == 1 and len({contract.expiry for contract, _ in options}) <= 1
    )
    if not known or not single or not (options or all(contract.security_type == "equity" for contract, _ in others)):
        return None, None
    corners = [ZERO, *(contract.strike for contract, _ in options if contract.strike is not None)]
    results = [_payoff(legs, price) + (credit or ZERO) for price in corners]
    slope = sum(
        (quantity * (contract.multiplier or ZERO) for contract, quantity in legs if contract.call_put != "P"), ZERO
    )
    return (None if slope > 0 else max(results)), (None if slope < 0 else min(results))


def _payoff(legs: Sequence[Leg], price: Decimal) -> Decimal:
    value = ZERO
    for contract, quantity in legs:
        unit = price
        if contract.strike is not None and contract.is_option:
            unit = max(price - contract.strike if contract.call_put == "C" else contract.strike - price, ZERO)
        value += quantity * (contract.multiplier or ZERO) * unit
    return value


def captured_share(
    side: str, credit: Decimal | None, max_profit: Decimal | None, profit_loss: Decimal | None
) -> Decimal | None:
    """The result as a share of the credit, of a debit trade of the most it could earn; None where neither is known."""
    most = credit if side == "credit" and credit is not None and credit > 0 else max_profit
    if profit_loss is None or most is None or most <= 0:
        return None
    return (profit_loss / most).quantize(SHARE_PLACES)


def legs_of(book: Book) -> tuple[TradeLeg, ...]:
    """The contracts of a trade, delivered shares included, in the order in which they came."""
    by_contract: dict[Contract, list[Take]] = {}
    for take in book.takes:
        by_contract.setdefault(take.fill.contract, []).append(take)
    return tuple(_leg(book, contract, takes) for contract, takes in by_contract.items())


def _leg(book: Book, contract: Contract, takes: Sequence[Take]) -> TradeLeg:
    is_known = any(take.part in (OPENING, "roll") or take.fill.kind == "delivery" for take in takes)
    is_long = takes[0].quantity > 0
    entries = [take for take in takes if (take.quantity > 0) == is_long] if is_known else []
    exits = [take for take in takes if (take.quantity > 0) != is_long] if is_known else list(takes)
    cash = total(take.cash for take in takes)
    is_closed = is_known and not book.is_overclosed and not book.held.get(contract)
    return TradeLeg(
        contract=contract,
        quantity=sum((take.quantity for take in entries), ZERO),
        opened_price=_mean_price(contract, entries),
        closed_quantity=sum((take.quantity for take in exits), ZERO),
        closed_price=_mean_price(contract, exits),
        profit_loss=cash if is_closed else None,
        fees=fees_of(takes),
        ended_by=ending_of(exits[-1]) if exits and (is_closed or not is_known) else "open",
    )


def _mean_price(contract: Contract, takes: Sequence[Take]) -> Decimal | None:
    """Mean price per unit; of an option settled in cash its value. None without takes or where a value is unknown."""
    quantity = sum((take.quantity for take in takes), ZERO)
    if not quantity:
        return None
    if any(take.fill.kind in ("assignment", "exercise") for take in takes):
        cash = total(take.cash for take in takes)
        return None if cash is None or not contract.multiplier else -cash / (quantity * contract.multiplier)
    return sum((take.quantity * take.fill.price for take in takes), ZERO) / quantity
