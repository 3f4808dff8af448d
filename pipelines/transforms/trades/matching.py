"""Which open trade a closing order belongs to.

Holds: the choice among the trades that hold what an order closes, and the end of options.
Belongs here: evidence of tags and shape at the closing; first in, first out, where nothing else tells.
Never here: openings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from pipelines.transforms.trades.books import Book, Rest, Role, Shelf
from pipelines.transforms.trades.kinds import Contract
from pipelines.transforms.trades.packages import ZERO, Package, TradedFill

BY_ENGINE = "by the engine"
"""The reason of a closing that the engine's own tag gives: a liquidation, a margin call."""
_DELIVERED = Role("assignment", "delivery")
_WHOLE, _PART_OF_MORE, _SOME_LEGS, _OVERLAP = 3, 2, 1, 0
_HOW = {_WHOLE: "template", _PART_OF_MORE: "template", _SOME_LEGS: "fifo", _OVERLAP: "fifo"}


def close(shelf: Shelf, packages: Sequence[Package], rest: Rest, part: str) -> list[tuple[Book, frozenset[Contract]]]:
    """Give what these packages close to the trades that hold it; returns them with the contracts closed in each.

    A trade named by the same tag comes first, then one whose option delivered just these shares, then one whose every
    leg is closed in the same ratio, then one whose every leg is, then one of whose legs all are; among equals the oldest.
    """
    if not shelf.holders_of(rest.legs()):
        return []
    texts = frozenset().union(*(package.texts for package in packages))
    names = frozenset().union(*(package.identities for package in packages))
    combo = any(package.is_combo for package in packages)
    action = BY_ENGINE if packages[0].says_closing else ""
    closed: list[tuple[Book, frozenset[Contract]]] = []
    while True:
        legs = rest.legs()
        found = [
            (_by_tag(book, texts, names), _is_delivered(book, legs), _shape(book, legs), -book.number, book)
            for book in shelf.holders_of(legs)
            if any(book.closable(contract, quantity) for contract, quantity in legs.items())
        ]
        if not found:
            return closed
        tagged, _, shape, _, book = max(found, key=lambda item: item[:4])
        how = "tag" if tagged else "group" if combo and shape == _WHOLE else _HOW[shape]
        closed.append((book, _close_in(shelf, book, legs, rest, Role(part, how, action))))


def _close_in(
    shelf: Shelf, book: Book, legs: Mapping[Contract, Decimal], rest: Rest, role: Role
) -> frozenset[Contract]:
    closed = set()
    for contract, quantity in legs.items():
        amount = book.closable(contract, quantity)
        if amount:
            closed.add(contract)
            for _, fill, taken in rest.take(contract, amount):
                shelf.give(book, fill, taken, role)
    return frozenset(closed)


def _by_tag(book: Book, texts: frozenset[str], names: frozenset[str]) -> int:
    """2: the name of a trade is the same; 1: the whole tag is; 0: neither."""
    if book.identities & names:
        return 2
    return 1 if book.texts & texts else 0


def _is_delivered(book: Book, legs: Mapping[Contract, Decimal]) -> bool:
    """Whether the trade never bought what is sold here: it is left over from an assignment."""
    return all(
        book.closable(contract, quantity) == quantity and contract not in book.opened
        for contract, quantity in legs.items()
    )


def _shape(book: Book, legs: Mapping[Contract, Decimal]) -> int:
    held = book.held
    closes = {contract for contract, quantity in legs.items() if book.closable(contract, quantity)}
    if closes == held.keys():
        ratios = {legs[contract] / held[contract] for contract in closes}
        return _WHOLE if closes == legs.keys() and len(ratios) == 1 else _PART_OF_MORE
    return _SOME_LEGS if closes == legs.keys() else _OVERLAP


def settle(shelf: Shelf, package: Package) -> bool:
    """Give the end of an option, and the shares it delivered, to the trades that held it; False where none did."""
    ends = [fill for fill in package.fills if fill.kind != "delivery"]
    shares: dict[int, tuple[Book, Decimal]] = {}
    for fill in ends:
        part = "expiry" if fill.kind == "expiry" else "assignment"
        for book, quantity in _settled(shelf, fill):
            shelf.give(book, fill, quantity, Role(part, "fifo"))
            known = shares.get(book.number, (book, ZERO))[1]
            shares[book.number] = (book, known + quantity)
    total = sum((quantity for _, quantity in shares.values()), ZERO)
    for fill in package.fills:
        if fill.kind == "delivery" and total:
            for book, quantity in shares.values():
                _deliver(shelf, book, fill, fill.quantity * quantity / total)
    return bool(shares)


def _settled(shelf: Shelf, fill: TradedFill) -> list[tuple[Book, Decimal]]:
    """What each trade gives up: all of everybody's where the fill is exactly that, else the oldest first."""
    holders = shelf.holders(fill.contract)
    held = [(book, book.held[fill.contract]) for book in holders]
    if sum((quantity for _, quantity in held), ZERO) == -fill.quantity:
        return [(book, -quantity) for book, quantity in held]
    found, left = [], fill.quantity
    for book in holders:
        if taken := book.closable(fill.contract, left):
            found.append((book, taken))
            left -= taken
    return found


def _deliver(shelf: Shelf, book: Book, fill: TradedFill, quantity: Decimal) -> None:
    """Shares first end what is held the other way, in the trade itself or where no option needs them any more."""
    free = [held for held in shelf.holders(fill.contract) if not any(leg.is_option for leg in held.held)]
    for other in [book, *(held for held in free if held is not book)]:
        if not quantity:
            return
        if taken := other.closable(fill.contract, quantity):
            shelf.give(other, fill, taken, _DELIVERED)
            quantity -= taken
    if quantity:
        shelf.give(book, fill, quantity, _DELIVERED)
