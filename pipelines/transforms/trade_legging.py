"""Legging in: orders sent one after another that open one strategy.

Holds: which packages open something, and which of those a trader would call one trade.
Belongs here: evidence of time, tags and templates at the opening.
Never here: closings, or the legs of one combo (they belong together anyway).

Orders on one underlying that fill within `LEGGING_TIME` are one trade where together they make a strategy that has a
name, or carry the same tag; all of it must still be held when the last leg comes. Where a bundle of orders can be read
in several ways (a whole chain bought strike by strike), each order stays a trade of its own.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from pipelines.transforms.trade_kinds import CUSTOM, Contract, template_of
from pipelines.transforms.trade_packages import ZERO, Package

LEGGING_TIME = dt.timedelta(minutes=5)
_MOST_ORDERS = 6
_LIKE_VALUES = Decimal("0.25")
"""By how much the two sides of a pair of shares may differ in value."""

Legs = Mapping[Contract, Decimal]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a package opens; `until` is the number of the package that first closes any of it."""

    package: Package
    legs: Legs
    until: float

    @property
    def contracts(self) -> frozenset[Contract]:
        """Its contracts."""
        return frozenset(self.legs)


@dataclass(frozen=True, slots=True)
class Bundle:
    """Openings that are one trade, the earliest first; `joined_by` template or tag, order where there is one."""

    openings: tuple[Opening, ...]
    joined_by: str

    @property
    def legs(self) -> dict[Contract, Decimal]:
        """What they open together."""
        return _union(self.openings)


def bundles_of(packages: Sequence[Package]) -> dict[int, Bundle]:
    """The bundle of every package that opens something, by the package's number.

    Packages with the strategy's own tag and settlements open nothing here; they only change what is held.
    """
    openings = _openings(packages)
    shared = _shared_identities(packages)
    found: dict[int, Bundle] = {}
    by_family: dict[frozenset[str], list[Opening]] = defaultdict(list)
    for opening in openings:
        by_family[frozenset(contract.family for contract in opening.legs)].append(opening)
    for same in by_family.values():
        for bundle in _segmented(same, shared):
            found.update({opening.package.number: bundle for opening in bundle.openings})
    for bundle in _pairs(openings, found):
        found.update({opening.package.number: bundle for opening in bundle.openings})
    return found


def _openings(packages: Sequence[Package]) -> list[Opening]:
    """What each package opens, had all been one account: what it does not close of what was held before."""
    lots: dict[Contract, list[list[Decimal]]] = defaultdict(list)
    until: dict[int, float] = {}
    legs: dict[int, dict[Contract, Decimal]] = {}
    for package in packages:
        for contract, quantity in package.legs().items():
            left = _close(lots[contract], quantity, package.number, until)
            if not left:
                continue
            lots[contract].append([left, Decimal(package.number)])
            if not (package.is_settlement or package.says_closing or package.tag is not None):
                legs.setdefault(package.number, {})[contract] = left
    by_number = {package.number: package for package in packages}
    return [Opening(by_number[number], found, until.get(number, float("inf"))) for number, found in legs.items()]


def _close(lots: list[list[Decimal]], quantity: Decimal, number: int, until: dict[int, float]) -> Decimal:
    while lots and lots[0][0] * quantity < 0:
        held, opener = lots[0]
        until.setdefault(int(opener), number)
        if abs(held) > abs(quantity):
            lots[0][0] = held + quantity
            return ZERO
        quantity += held
        lots.pop(0)
    return quantity


def _shared_identities(packages: Sequence[Package]) -> frozenset[str]:
    """Identities that several packages carry: they name a trade, not an order."""
    counts = Counter(word for package in packages for word in package.identities)
    return frozenset(word for word, count in counts.items() if count > 1)


def _segmented(openings: Sequence[Opening], shared: frozenset[str]) -> list[Bundle]:
    bundles: list[Bundle] = []
    cluster: list[Opening] = []
    for opening in openings:
        if cluster and opening.package.began_at - cluster[-1].package.began_at > LEGGING_TIME:
            bundles.extend(_divided(cluster, shared))
            cluster = []
        cluster.append(opening)
    return bundles + (_divided(cluster, shared) if cluster else [])


def _divided(cluster: Sequence[Opening], shared: frozenset[str]) -> list[Bundle]:
    """The cluster in as few trades as its order allows."""
    best: list[tuple[int, list[Bundle]]] = [(0, [])]
    for end in range(1, len(cluster) + 1):
        options = []
        for start in range(max(0, end - _MOST_ORDERS), end):
            bundle = _bundle(cluster[start:end], shared)
            if bundle is not None:
                count, before = best[start]
                options.append((count + 1, [*before, bundle]))
        best.append(min(options, key=lambda option: option[0]))
    bundles = best[-1][1]
    if all(len(bundle.openings) > 1 or bundle.openings[0].package.is_combo for bundle in bundles):
        return bundles
    return [part for bundle in bundles for part in (_apart(bundle) if _is_ambiguous(bundle, cluster) else [bundle])]


def _apart(bundle: Bundle) -> list[Bundle]:
    return [Bundle((opening,), "order") for opening in bundle.openings]


def _is_ambiguous(bundle: Bundle, cluster: Sequence[Opening]) -> bool:
    """Whether a neighbour outside of a bundle could take the place of one of its orders."""
    if len(bundle.openings) == 1 or bundle.joined_by == "tag":
        return False
    inside = {_role(contract, quantity) for contract, quantity in bundle.legs.items()}
    outside = {
        _role(contract, quantity)
        for opening in cluster
        if opening not in bundle.openings
        for contract, quantity in opening.legs.items()
    }
    return bool(inside & outside)


def _role(contract: Contract, quantity: Decimal) -> tuple[object, ...]:
    return contract.security_type, contract.expiry, contract.call_put, quantity > 0


def _bundle(openings: Sequence[Opening], shared: frozenset[str]) -> Bundle | None:
    if len(openings) == 1:
        return Bundle(tuple(openings), "order")
    first, last = openings[0].package, openings[-1].package
    if last.began_at - first.began_at > LEGGING_TIME or min(one.until for one in openings) < last.number:
        return None
    legs = _union(openings)
    if len(legs) < sum(len(opening.legs) for opening in openings):
        return None
    if _same_tag(openings, shared):
        return Bundle(tuple(openings), "tag")
    if _contradict(openings, shared) or template_of(list(legs.items())) == CUSTOM or not _fits_shares(legs):
        return None
    return Bundle(tuple(openings), "template")


def _union(openings: Sequence[Opening]) -> dict[Contract, Decimal]:
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
    """Whether shares beside options are as many as the options are on."""
    options = [(contract, quantity) for contract, quantity in legs.items() if contract.is_option]
    if len(options) == len(legs):
        return True
    held = [abs(quantity) for contract, quantity in legs.items() if not contract.is_option]
    lots = {
        abs(quantity) * ((contract.multiplier or 100) if contract.security_type == "option" else 1)
        for contract, quantity in options
    }
    return lots == set(held)


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
