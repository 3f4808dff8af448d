"""The parts of a commission that Interactive Brokers prints, and that they add up.

Holds: components of `UnbundledCommissionDetail` and of `TradeConfirm`, joined to their trade.
Belongs here: which printed part is which component of the fee schedules.
Never here: rates.

A detail has third-party regulatory charges in one figure *and*, out of it, TAF, section 31 and others: those three are a
break-down, never additional. What they leave of it (ORF and audit trail) stays one figure, `regulatory`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from pipelines.parsing.ibkr.values import ABSENT, amount
from pipelines.parsing.statements.csv_columns import CellError, plain
from pipelines.parsing.statements.rows import Charge
from tomking.kernel.money import add

_TOLERANCE = Decimal("0.00005")
"""Six parts printed with five decimals against a total with nine."""
_DETAIL = (
    ("commission", "brokerExecutionCharge"),
    ("clearing", "brokerClearingCharge"),
    ("exchange", "thirdPartyExecutionCharge"),
    ("clearing", "thirdPartyClearingCharge"),
    ("regulatory", "thirdPartyRegulatoryCharge"),
    ("other", "other"),
)
_CONFIRM = (
    ("commission", "brokerExecutionCommission"),
    ("clearing", "brokerClearingCommission"),
    ("exchange", "thirdPartyExecutionCommission"),
    ("clearing", "thirdPartyClearingCommission"),
    ("regulatory", "thirdPartyRegulatoryCommission"),
    ("other", "otherCommission"),
)
_BREAK_DOWN = (("taf", "regFINRATradingActivityFee"), ("sec", "regSection31TransactionFee"), ("regulatory", "regOther"))
_REGULATORY = "thirdPartyRegulatoryCharge"


class Details:
    """Unbundled commission details of one statement by trade id; one trade may have several."""

    def __init__(self, found: Iterable[tuple[str, Mapping[str, str]]] = ()) -> None:
        """Takes (trade id, attributes) pairs."""
        self._by_trade: dict[str, list[Mapping[str, str]]] = {}
        for trade, attributes in found:
            self._by_trade.setdefault(trade, []).append(attributes)

    def of(self, trade: str | None) -> list[Mapping[str, str]]:
        """The details of a trade."""
        return self._by_trade.get(trade or "", [])


def parts_of(
    texts: Mapping[str, str],
    details: Details,
    trade: str | None,
    commission: Decimal | None,
    taxes: Decimal | None,
) -> tuple[Charge, ...] | str:
    """The parts of a trade's commission and taxes; a sentence where they do not add up to what the trade says.

    Parts that are zero are left out. Without any printed part there are none.
    """
    try:
        found = [charge for attributes in details.of(trade) for charge in _detailed(attributes)]
        found = found or _named(texts, _CONFIRM)
    except CellError as error:
        return f"a part of the commission: {error}"
    if not found or commission is None:
        return ()
    off = add((*(charge.amount for charge in found), -commission))
    if abs(off) > _TOLERANCE:
        return f"the parts of the commission differ from it by {plain(off)}"
    if taxes:
        found.append(Charge(component="tax", name="taxes", amount=taxes, text=plain(taxes)))
    return tuple(charge for charge in found if charge.amount)


def _named(texts: Mapping[str, str], names: Iterable[tuple[str, str]]) -> list[Charge]:
    return [
        Charge(component=component, name=name, amount=amount(text), text=text)
        for component, name in names
        if (text := texts.get(name, "").strip()) not in ABSENT
    ]


def _detailed(texts: Mapping[str, str]) -> list[Charge]:
    charges = _named(texts, _DETAIL)
    whole = next((charge for charge in charges if charge.name == _REGULATORY), None)
    if whole is None:
        return charges
    known = [charge for charge in _named(texts, _BREAK_DOWN) if charge.amount]
    rest = add((whole.amount, *(-charge.amount for charge in known)))
    at = charges.index(whole)
    left = Charge(component="regulatory", name=_REGULATORY, amount=rest, text=whole.text)
    return [*charges[:at], *known, left, *charges[at + 1 :]]
