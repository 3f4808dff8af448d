"""Joining the fills of a history into trades.

Holds: the pass over all packages, and what a package with or without a tag does to the trades.
Belongs here: the order in which evidence is asked.
Never here: the evidence itself (`trade_legging`, `trade_matching`), or figures.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from pipelines.transforms.trades.books import OPENING, Book, Rest, Role, Shelf
from pipelines.transforms.trades.chains import ROLL_TIME, link_cover
from pipelines.transforms.trades.kinds import CUSTOM, Contract, template_of, units_of
from pipelines.transforms.trades.legging import Bundle, Part
from pipelines.transforms.trades.matching import close, settle
from pipelines.transforms.trades.packages import ZERO, Outlook, Package, ordered_legs
from tomking.kernel.contracts import OrderTag

UNTAGGED = "untagged"
CLOSING, ROLLING, MARGIN_CALL = "close", "roll", "margin_call"
ZERO_TIME = dt.timedelta(0)


def _at_once(waiting: Sequence[Package], package: Package) -> bool:
    """Whether a single order filled in the moment of these, in another contract: legs are often closed like that."""
    first = waiting[0]
    alike = (first.run_id, first.began_at, first.says_closing) == (
        package.run_id,
        package.began_at,
        package.says_closing,
    )
    if not alike or package.tag is not None or package.is_combo or package.is_settlement:
        return False
    known = {fill.contract for one in waiting for fill in one.fills}
    return all(fill.contract not in known for fill in package.fills)


class Joiner:
    """Gives the fills of a history to trades, one part of the history after another."""

    def __init__(self, outlook: Outlook) -> None:
        self.shelf = Shelf()
        self._bundles: Mapping[int, Bundle] = {}
        self._by_bundle: dict[int, Book] = {}
        self._rolling: set[int] = set()
        """Trades that this part, or those it is not apart from, give new legs in the place of old ones."""
        self._by_tag: dict[str, Book] = {}
        self._awaited = dict(outlook.tagged)

    def join(self, part: Part) -> list[Book]:
        """Join the next part; returns the trades that changed, in the order of their opening."""
        self._bundles = part.bundles
        self._by_bundle.clear()
        if part.is_apart:
            self._rolling.clear()
        waiting: list[Package] = []
        for package in part.packages:
            if waiting and not _at_once(waiting, package):
                self._closings(waiting)
                waiting = []
            if package.tag is not None:
                self._tagged(package, package.tag)
            elif package.is_settlement:
                self._settlement(package)
            elif package.is_combo:
                self._combo(package)
            else:
                waiting.append(package)
        if waiting:
            self._closings(waiting)
        return self.shelf.settled()

    # --- orders with the strategy's own tag ----------------------------------------------------------------------

    def _tagged(self, package: Package, tag: OrderTag) -> None:
        """The tag says which trade; what it opens after the trade has ended is the next link of its chain."""
        word = tag.action.partition(":")[0]
        part = word if word in (OPENING, ROLLING) else CLOSING
        book = self._by_tag.get(tag.trade_id)
        if book is None:
            book = self._open_tagged(package, tag)
        if part == OPENING:
            _note_order(book, package)
        if part == CLOSING or (part == OPENING and (not book.opened or book.holds_opened)):
            for fill in package.fills:
                self.shelf.give(book, fill, fill.quantity, Role(part, "tag", tag.action))
            if part == OPENING:
                link_cover(self.shelf, book)
        else:
            self._roll(package, tag, book)
        self._awaited[tag.trade_id] -= 1
        if not self._awaited[tag.trade_id]:
            del self._awaited[tag.trade_id]
            self._release(tag)

    def _open_tagged(self, package: Package, tag: OrderTag) -> Book:
        self._release(tag)
        book = self._by_tag[tag.trade_id] = self.shelf.open(package, tag.trade_id, tag.strategy)
        book.is_awaited = True
        return book

    def _release(self, tag: OrderTag) -> None:
        """No further package belongs to the trade that the tag names now."""
        book = self._by_tag.pop(tag.trade_id, None)
        if book is not None:
            book.is_awaited = False
            self.shelf.touched[book.number] = book

    def _roll(self, package: Package, tag: OrderTag, book: Book) -> None:
        """What the package closes ends the old legs; the new ones are a link of their own unless some legs stayed."""
        rest = Rest([package])
        for contract, quantity in rest.legs().items():
            for _, fill, taken in rest.take(contract, book.closable(contract, quantity)):
                self.shelf.give(book, fill, taken, Role(ROLLING, "tag", tag.action))
        opens = rest.legs()
        if not opens:
            return
        part = ROLLING
        if not book.holds_opened:
            before, part = book, OPENING
            book = self._open_tagged(package, tag)
            if before.opened:
                book.follow(before, "roll")
                before.is_rolled = tag.action.startswith(ROLLING)
        for contract in opens:
            for _, fill, taken in rest.take(contract):
                self.shelf.give(book, fill, taken, Role(part, "tag", tag.action))
        link_cover(self.shelf, book)

    # --- everything else -----------------------------------------------------------------------------------------

    def _settlement(self, package: Package) -> None:
        """The end of an option; one that nobody is known to have opened is a trade with an end only."""
        if settle(self.shelf, package):
            return
        book = self.shelf.open(package, package.name, UNTAGGED)
        for fill in package.fills:
            part = "expiry" if fill.kind == "expiry" else "assignment"
            self.shelf.give(book, fill, fill.quantity, Role(part, "order"))

    def _combo(self, package: Package) -> None:
        """A combo closes, opens, or does both: then it rolls."""
        rest = Rest([package])
        if self._opens_whole(package):
            link_cover(self.shelf, self._open(package, rest, rest.legs(), "group"))
            return
        closed = close(self.shelf, [package], rest, _closing_part(package))
        if not rest.legs():
            return
        if package.says_closing:
            self._excess(rest, [book for book, _ in closed], package)
            return
        adjusted = self._adjusted(closed, rest)
        if adjusted is not None:
            self._give_rest(adjusted, rest, Role(ROLLING, "group"))
            return
        before = _rolled(closed, rest)
        book = self._open(package, rest, rest.legs(), "group")
        if before is not None and book is not before and book.rolled_from is None:
            book.follow(before, "roll")
            before.is_rolled = True
        link_cover(self.shelf, book)

    def _opens_whole(self, package: Package) -> bool:
        """Whether a combo of three legs or more is a new trade though it sells or buys back what another holds.

        It is where its legs have a name, and some but not all of them close something, and nothing would be ended or
        rolled: a trade that is what it was before, on other strikes, was rolled.
        """
        legs = package.legs
        if len(legs) < 3 or package.says_closing or template_of(list(legs.items())) == CUSTOM:
            return False
        closes: set[Contract] = set()
        for book in self.shelf.holders_of(legs):
            own = {contract for contract, quantity in legs.items() if book.closable(contract, quantity)}
            if own and own == book.held.keys() and all(book.closable(leg, legs[leg]) == -book.held[leg] for leg in own):
                return False
            if own and _is_like_before(book, legs):
                return False
            closes |= own
        return bool(closes) and closes != legs.keys()

    def _closings(self, packages: Sequence[Package]) -> None:
        """Single orders of one moment: what they close is matched together, what they open goes by bundle."""
        rest = Rest(packages)
        part = MARGIN_CALL if all(package.is_margin_call for package in packages) else CLOSING
        closed = close(self.shelf, packages, rest, part)
        if packages[0].says_closing:
            if rest.legs():
                self._excess(rest, [book for book, _ in closed], packages[0])
            return
        left = rest.legs()
        for package in packages:
            if any(fill.contract in left for fill in package.fills):
                link_cover(self.shelf, self._open(package, rest, left, None))

    def _excess(self, rest: Rest, books: Sequence[Book], package: Package) -> None:
        """More than was held: a split changed the quantity, or the position is older than the history."""
        book = books[0] if books else self.shelf.open(package, package.name, UNTAGGED)
        book.is_overclosed = book.is_overclosed or bool(books)
        self._give_rest(book, rest, Role(_closing_part(package), "fifo"))

    def _open(self, package: Package, rest: Rest, left: Iterable[Contract], how: str | None) -> Book:
        """Give what is `left` of a package to the trade it opens, or adds to."""
        bundle = self._bundles.get(package.number)
        book = self._book_for(package, bundle)
        joined = how or ("template" if bundle is None else bundle.joined_by)
        if joined == "order" and book.takes:
            joined = "template"
        part = ROLLING if book.number in self._rolling else OPENING
        _note_order(book, package)
        own = {fill.contract for fill in package.fills}
        for contract in [contract for contract in left if contract in own]:
            for source, fill, taken in rest.take(contract):
                self.shelf.give(book, fill, taken, Role(part, joined))
                book.texts |= source.texts
                book.identities |= source.identities
        return book

    def _book_for(self, package: Package, bundle: Bundle | None) -> Book:
        first = package.number if bundle is None else bundle.openings[0].package.number
        if (known := self._by_bundle.get(first)) is not None:
            return known
        legs = package.legs
        if bundle is not None and bundle.legs.keys() >= legs.keys():
            legs = bundle.legs
        book = self._continued(package, legs)
        if book is None and (book := self._restored(package, legs)) is not None:
            self._rolling.add(book.number)
        if book is None:
            book = self.shelf.open(package, package.name, UNTAGGED)
        self._by_bundle[first] = book
        return book

    def _continued(self, package: Package, legs: Mapping[Contract, Decimal]) -> Book | None:
        """The open trade that these legs add to: it holds just these in the same ratio, or its name is on the order."""
        for book in reversed(self.shelf.holders_of(legs)):
            if book.held.keys() == legs.keys() and not _differ(package, book):
                ratios = {legs[contract] / quantity for contract, quantity in book.held.items()}
                if len(ratios) == 1 and ratios.pop() > 0:
                    return book
        return self._named(package, legs)

    def _restored(self, package: Package, legs: Mapping[Contract, Decimal]) -> Book | None:
        """The trade that lost some of its legs to an order a moment ago, and is with these what it was before."""
        for book in reversed(self.shelf.recent):
            last = book.last
            if not book.held or last is None or last.part != CLOSING or last.fill.kind != "trade":
                continue
            is_recent = ZERO_TIME <= package.began_at - last.fill.occurred_at <= ROLL_TIME
            if is_recent and book.holds_opened and not _differ(package, book) and _is_like_before(book, legs):
                return book
        return None

    def _named(self, package: Package, opens: Mapping[Contract, Decimal]) -> Book | None:
        """The newest open trade with the name on the order, where both together are a known strategy."""
        if not package.identities:
            return None
        for book in reversed(self.shelf.recent):
            if book.held and book.identities & package.identities:
                legs = [*book.held.items(), *opens.items()]
                if not book.held.keys() & opens.keys() and template_of(legs) != CUSTOM:
                    return book
        return None

    def _adjusted(self, closed: Sequence[tuple[Book, frozenset[Contract]]], rest: Rest) -> Book | None:
        """The trade of which a combo replaced some legs by others of the same right while the rest stayed."""
        if len(closed) != 1 or not closed[0][0].holds_opened:
            return None
        book, contracts = closed[0]
        opens = rest.legs()
        rights = {contract.call_put for contract in contracts}
        same = all(contract.is_option and contract.call_put in rights for contract in opens)
        return book if same and len(opens) == len(contracts) and not set(opens) & set(book.held) else None

    def _give_rest(self, book: Book, rest: Rest, role: Role) -> None:
        for contract in rest.legs():
            for _, fill, taken in rest.take(contract):
                self.shelf.give(book, fill, taken, role)


def _note_order(book: Book, package: Package) -> None:
    if package.is_combo and not book.takes:
        book.ordered = ordered_legs(package)


def _closing_part(package: Package) -> str:
    return MARGIN_CALL if package.is_margin_call else CLOSING


def _differ(package: Package, book: Book) -> bool:
    """Whether both carry names, of different trades."""
    return bool(package.identities and book.identities and not package.identities & book.identities)


def _is_like_before(book: Book, legs: Mapping[Contract, Decimal]) -> bool:
    """Whether a spread with these legs added is what it was when it was opened, on other strikes."""
    before = book.template
    if len(book.legs) < 2 or before == CUSTOM or any(not contract.is_option for contract in legs):
        return False
    after = dict(book.held)
    for contract, quantity in legs.items():
        after[contract] = after.get(contract, ZERO) + quantity
    left = [(contract, quantity) for contract, quantity in after.items() if quantity]
    return len(left) == len(book.legs) and template_of(left) == before and units_of(left) == units_of(book.legs)


def _rolled(closed: Sequence[tuple[Book, frozenset[Contract]]], rest: Rest) -> Book | None:
    """The trade that a combo ended while it opened the like of it."""
    opens = rest.legs()
    families = {contract.family for contract in opens}
    rights = {contract.call_put for contract in opens}
    for book, contracts in closed:
        alike = {contract.family for contract in contracts} == families and {
            contract.call_put for contract in contracts
        } == rights
        if alike and not book.holds_opened:
            return book
    return None
