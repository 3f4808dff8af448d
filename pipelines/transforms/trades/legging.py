"""Legging in: orders sent one after another that open one strategy.

Holds: which packages open something, and which of those a trader would call one trade.
Belongs here: evidence of time, tags and templates at the opening.
Never here: closings, or the legs of one combo (they belong together anyway).

Orders on one underlying that fill within `LEGGING_TIME` are one trade where together they make a strategy that has a
name, within `SAME_TAG_TIME` also where they carry the same tag; all of it must still be held when the last leg comes. Where a bundle of orders can be read
in several ways (a whole chain bought strike by strike), each order stays a trade of its own.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

from pipelines.transforms.trades.kinds import CUSTOM, Contract, template_of
from pipelines.transforms.trades.packages import ZERO, Outlook, Package

LEGGING_TIME = dt.timedelta(minutes=15)
"""From the first leg to the last: a trader waits minutes for the price of the next one. The time of a roll is the same."""
SAME_TAG_TIME = dt.timedelta(minutes=5)
"""Some algorithms write one word on every order: what has no name together is one trade for a shorter time only."""
_MOST_ORDERS = 6
_LIKE_VALUES = Decimal("0.25")
"""By how much the two sides of a pair of shares may differ in value."""

Legs = Mapping[Contract, Decimal]
_Role = tuple[str, dt.date | None, str | None, bool]


@dataclass(slots=True, eq=False)
class Opening:
    """What a package opens; `until` is the number of the package that first closes any of it."""

    package: Package
    legs: dict[Contract, Decimal] = field(default_factory=dict)
    until: float = math.inf


class _Lot(NamedTuple):
    """What is still held of an opening in one contract."""

    quantity: Decimal
    opening: Opening


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Openings that are one trade, the earliest first; `joined_by` template or tag, order where there is one."""

    openings: tuple[Opening, ...]
    joined_by: str

    @property
    def legs(self) -> Legs:
        """What they open together."""
        return _union(self.openings)


class Part(NamedTuple):
    """A part of a history that is joined at once.

    `bundles` has the bundle of every package that opens something, by the package's number; `until` is when the next
    part begins, None where there is none. `is_apart` says that it begins later than `LEGGING_TIME` after the opening
    before it.
    """

    packages: Sequence[Package]
    bundles: Mapping[int, Bundle]
    until: dt.datetime | None
    is_apart: bool = True


@dataclass(slots=True)
class _Before:
    """What earlier parts opened on one underlying within `LEGGING_TIME` of each other: orders of one cluster.

    None of them can be of one trade with what comes, as part of each was closed by then; but each could have taken the
    place of one that comes, and where one stands alone, that is asked.
    """

    last_at: dt.datetime
    roles: Counter[_Role] = field(default_factory=Counter)
    has_lone_order: bool = False


class Bundler:
    """Divides a history where no opening has legs on both sides, and finds the bundles of each part."""

    def __init__(self, outlook: Outlook) -> None:
        self._outlook = outlook
        self._lots: dict[Contract, deque[_Lot]] = {}
        self._before: dict[frozenset[str], _Before] = {}

    def parts_of(self, packages: Iterable[Package]) -> Iterator[Part]:
        """The parts of a history, each as short as it can be; what overlaps in time is one part."""
        part: list[Package] = []
        openings: list[Opening] = []
        waiting: deque[Opening] = deque()
        last_at: dt.datetime | None = None
        is_apart, is_bundled = True, False
        for package in packages:
            if part and self._outlook.is_in_order and _may_begin(package, part, waiting):
                begins_apart = last_at is None or package.began_at - last_at > LEGGING_TIME
                # What comes may still take the place of one of a bundle, but opens no bundle with what was before.
                bundles = self._bundles_of(openings) if begins_apart or not is_bundled else {}
                is_bundled = is_bundled or any(len(bundle.openings) > 1 for bundle in bundles.values())
                if begins_apart or not is_bundled:
                    yield self._ended(Part(part, bundles, package.began_at, is_apart), openings)
                    part, openings, is_apart, is_bundled = [], [], begins_apart, False
            part.append(package)
            if (opening := self._opening(package)) is not None:
                openings.append(opening)
                waiting.append(opening)
                last_at = package.began_at
        if part:
            yield Part(part, self._bundles_of(openings), None, is_apart)

    def _ended(self, part: Part, openings: Sequence[Opening]) -> Part:
        for opening in openings:
            family, began_at = _family(opening), opening.package.began_at
            before = self._before.get(family)
            if before is None or began_at - before.last_at > LEGGING_TIME:
                before = self._before[family] = _Before(began_at)
            before.last_at = began_at
            before.roles.update(_roles(opening))
            before.has_lone_order = before.has_lone_order or not opening.package.is_combo
        return part

    def _bundles_of(self, openings: Sequence[Opening]) -> dict[int, Bundle]:
        if len(openings) == 1:
            return {openings[0].package.number: Bundle(tuple(openings), "order")}
        found: dict[int, Bundle] = {}
        by_family: dict[frozenset[str], list[Opening]] = defaultdict(list)
        for opening in openings:
            by_family[_family(opening)].append(opening)
        for family, same in by_family.items():
            for bundle in _segmented(same, self._outlook.shared, self._before.get(family)):
                found.update({opening.package.number: bundle for opening in bundle.openings})
        for bundle in _pairs(openings, found):
            found.update({opening.package.number: bundle for opening in bundle.openings})
        return found

    def _opening(self, package: Package) -> Opening | None:
        """What a package opens, had all been one account: what it does not close of what was held before.

        Packages with the strategy's own tag and settlements open nothing here; they only change what is held.
        """
        opening = Opening(package)
        for contract, quantity in package.legs.items():
            left = self._close(contract, quantity, package.number)
            if left:
                self._lots.setdefault(contract, deque()).append(_Lot(left, opening))
                opening.legs[contract] = left
        counts = not (package.is_settlement or package.says_closing or package.tag is not None)
        return opening if opening.legs and counts else None

    def _close(self, contract: Contract, quantity: Decimal, number: int) -> Decimal:
        """What is left of a quantity when it has closed what was held, the first in first."""
        lots = self._lots.get(contract)
        while lots and quantity and (lots[0].quantity > 0) != (quantity > 0):
            held, opening = lots.popleft()
            opening.until = min(opening.until, number)
            if abs(held) > abs(quantity):
                lots.appendleft(_Lot(held + quantity, opening))
                return ZERO
            quantity += held
            if not lots:
                del self._lots[contract]
        return quantity


def _may_begin(package: Package, part: Sequence[Package], waiting: deque[Opening]) -> bool:
    """Whether neither this package nor a later one is of one moment, or of one trade's opening, with any of the part.

    `waiting` are openings that may still be; what has become too old, or was closed in part, is taken out of it.
    """
    began_at = package.began_at
    if began_at <= part[-1].began_at:
        return False
    while waiting and (began_at - waiting[0].package.began_at > LEGGING_TIME or waiting[0].until < math.inf):
        waiting.popleft()
    return not waiting


def _family(opening: Opening) -> frozenset[str]:
    return frozenset(contract.family for contract in opening.legs)


def _segmented(openings: Sequence[Opening], shared: frozenset[str], before: _Before | None) -> list[Bundle]:
    bundles: list[Bundle] = []
    cluster: list[Opening] = []
    if before is not None and openings[0].package.began_at - before.last_at > LEGGING_TIME:
        before = None
    for opening in openings:
        if cluster and opening.package.began_at - cluster[-1].package.began_at > LEGGING_TIME:
            bundles.extend(_divided(cluster, shared, before))
            cluster, before = [], None
        cluster.append(opening)
    return bundles + (_divided(cluster, shared, before) if cluster else [])


def _divided(cluster: Sequence[Opening], shared: frozenset[str], before: _Before | None) -> list[Bundle]:
    """The cluster in as few trades as its order allows; `before` is the beginning of it that was divided already."""
    if len(cluster) == 1:
        return [Bundle(tuple(cluster), "order")]
    # How many trades the openings until here make at least, and the last one of these.
    best: list[tuple[int, Bundle | None]] = [(0, None)]
    for end in range(1, len(cluster) + 1):
        options = [
            (best[start][0] + 1, bundle)
            for start in range(max(0, end - _MOST_ORDERS), end)
            if (bundle := _bundle(cluster[start:end], shared)) is not None
        ]
        best.append(min(options, key=lambda option: option[0]))
    bundles: list[Bundle] = []
    end = len(cluster)
    while (bundle := best[end][1]) is not None:
        bundles.append(bundle)
        end -= len(bundle.openings)
    bundles.reverse()
    has_lone_order = before is not None and before.has_lone_order
    if not has_lone_order and all(
        len(bundle.openings) > 1 or bundle.openings[0].package.is_combo for bundle in bundles
    ):
        return bundles
    roles = Counter(role for opening in cluster for role in _roles(opening))
    if before is not None:
        roles.update(before.roles)
    return [part for bundle in bundles for part in (_apart(bundle) if _is_ambiguous(bundle, roles) else [bundle])]


def _apart(bundle: Bundle) -> list[Bundle]:
    return [Bundle((opening,), "order") for opening in bundle.openings]


def _is_ambiguous(bundle: Bundle, roles: Counter[_Role]) -> bool:
    """Whether a neighbour outside of a bundle could take the place of one of its orders.

    `roles` counts the orders of the whole cluster in each role.
    """
    if len(bundle.openings) == 1 or bundle.joined_by == "tag":
        return False
    inside = Counter(role for opening in bundle.openings for role in _roles(opening))
    return any(roles[role] > count for role, count in inside.items())


def _roles(opening: Opening) -> set[_Role]:
    """What the legs of an order are, whatever their strikes."""
    return {
        (contract.security_type, contract.expiry, contract.call_put, quantity > 0)
        for contract, quantity in opening.legs.items()
    }


def _bundle(openings: Sequence[Opening], shared: frozenset[str]) -> Bundle | None:
    if len(openings) == 1:
        return Bundle(tuple(openings), "order")
    first, last = openings[0].package, openings[-1].package
    apart = last.began_at - first.began_at
    if apart > LEGGING_TIME or min(one.until for one in openings) < last.number:
        return None
    legs = _union(openings)
    if len(legs) < sum(len(opening.legs) for opening in openings):
        return None
    if apart <= SAME_TAG_TIME and _same_tag(openings, shared):
        return Bundle(tuple(openings), "tag")
    if _contradict(openings, shared) or template_of(list(legs.items())) == CUSTOM or not _fits_shares(legs):
        return None
    return Bundle(tuple(openings), "template")


def _union(openings: Sequence[Opening]) -> Legs:
    if len(openings) == 1:
        return openings[0].legs
    legs: dict[Contract, Decimal] = {}
    for opening in openings:
        for contract, quantity in opening.legs.items():
            legs[contract] = legs.get(contract, ZERO) + quantity
    return legs


def _same_tag(openings: Sequence[Opening], shared: frozenset[str]) -> bool:
    """Whether single orders carry one tag, or the name of one trade."""
    if any(opening.package.is_combo for opening in openings):
        return False
    texts = frozenset.intersection(*(opening.package.texts for opening in openings))
    names = frozenset.intersection(*(opening.package.identities for opening in openings))
    return bool(texts or names & shared)


def _contradict(openings: Sequence[Opening], shared: frozenset[str]) -> bool:
    """Whether neighbours name different trades."""
    return any(
        (one & shared) and (other & shared) and not (one & other)
        for one, other in pairwise(opening.package.identities for opening in openings)
    )


def _fits_shares(legs: Legs) -> bool:
    """Whether shares beside options are as many as the options are on, of uneven ones the fewest."""
    options = [(contract, quantity) for contract, quantity in legs.items() if contract.is_option]
    if len(options) == len(legs):
        return True
    held = [abs(quantity) for contract, quantity in legs.items() if not contract.is_option]
    lots = {
        abs(quantity) * ((contract.multiplier or 100) if contract.security_type == "option" else 1)
        for contract, quantity in options
    }
    return {min(lots, default=ZERO)} == set(held)


def _pairs(openings: Sequence[Opening], known: Mapping[int, Bundle]) -> list[Bundle]:
    """Two orders for shares of different companies at one moment, bought and sold for about the same value."""
    at_once: dict[tuple[str, dt.datetime], list[Opening]] = defaultdict(list)
    for opening in openings:
        at_once[opening.package.run_id, opening.package.began_at].append(opening)
    pairs = []
    for found in at_once.values():
        singles = [one for one in found if len(one.legs) == 1 and len(known[one.package.number].openings) == 1]
        if len(found) == 2 and len(singles) == 2 and _is_pair(*singles):
            pairs.append(Bundle(tuple(singles), "template"))
    return pairs


def _is_pair(one: Opening, other: Opening) -> bool:
    if (
        one.package.is_combo
        or other.package.is_combo
        or template_of([*one.legs.items(), *other.legs.items()]).kind != "pair"
    ):
        return False
    values = sorted(abs(_value(opening)) for opening in (one, other))
    return values[1] - values[0] <= _LIKE_VALUES * values[1] and one.until >= other.package.number


def _value(opening: Opening) -> Decimal:
    (quantity,) = opening.legs.values()
    return quantity * opening.package.fills[0].price
