"""What the algorithm and the warehouse agree on besides parameters: keys, order tags, the journal.

Holds: object-store keys, the run key, the order tag; the journal's rules are offered here from `journal_kinds`.
Belongs here: a name or a format that both sides must spell alike.
Never here: reading or writing any store, and the meaning of parameter values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from tomking.kernel.journal_kinds import (
    JOURNAL_SCHEMA,
    KINDS,
    EntryRefused,
    format_entry,
    time_text,
    validate_entry,
)

__all__ = [
    "JOURNAL_SCHEMA",
    "KINDS",
    "RUNTIME_STATISTICS",
    "EntryRefused",
    "OrderTag",
    "attribution_key",
    "block_key",
    "current_key",
    "damaged_state_key",
    "format_entry",
    "history_key",
    "journal_key",
    "make_tag",
    "parameter_key",
    "parse_tag",
    "prefix",
    "previous_state_key",
    "run_key",
    "state_key",
    "time_text",
    "validate_entry",
]

RUNTIME_STATISTICS = ("Journal", "Parameter set", "Parameter set sha256")
"""Names under which a run publishes its run key, the id and the hash of the set it applied last."""

# LEAN's object store takes letters, digits, `_`, `-`, `/` and at most one dot in a key.
_NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
_TAG_VERSION = "tk1"
# A tag is cut by some brokers and shown by all: short, printable, and free of the separator.
_TAG_PART = re.compile(r"[A-Za-z0-9_.:-]{1,60}")


def _name(value: str, what: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError(f"{what} {value!r}: only letters, digits, _ and -, at most 100 of them")
    return value


def prefix(deployment: str) -> str:
    """The folder of a deployment inside the object store; ValueError for a name that LEAN would refuse."""
    return f"tomking/{_name(deployment, 'deployment')}"


def parameter_key(deployment: str, set_id: str) -> str:
    """The key of one parameter set; its content never changes."""
    return f"{prefix(deployment)}/parameters/{_name(set_id, 'parameter set')}.json"


def history_key(deployment: str) -> str:
    """The key of the dated list of sets, which a backtest walks through."""
    return f"{prefix(deployment)}/parameters/history.json"


def current_key(deployment: str) -> str:
    """The key of the set in force: the same bytes as that set's own document."""
    return f"{prefix(deployment)}/parameters/current.json"


def block_key(deployment: str) -> str:
    """The key of the evening's entry block: whether new trades are stopped, and until when."""
    return f"{prefix(deployment)}/blocks/crisis.json"


def journal_key(deployment: str, run: str, segment: int) -> str:
    """The key of one journal segment; segments count from 1 and are never rewritten."""
    if segment < 1:
        raise ValueError(f"journal segments count from 1, not {segment}")
    return f"{prefix(deployment)}/journal/{_name(run, 'run key')}/{segment}.jsonl"


def state_key(deployment: str) -> str:
    """The key of the book that survives a restart."""
    return f"{prefix(deployment)}/state/book.json"


def previous_state_key(deployment: str) -> str:
    """The key of the book as it was before the last change: what is left where that change was cut off."""
    return f"{prefix(deployment)}/state/book_previous.json"


def damaged_state_key(deployment: str, digest: str) -> str:
    """The key under which a book that cannot be read is kept, by its sha256."""
    return f"{prefix(deployment)}/state/book_damaged_{_name(digest[:16], 'digest')}.json"


def attribution_key(deployment: str) -> str:
    """The key of the running attribution: the last marks and Greeks of what is held."""
    return f"{prefix(deployment)}/state/attribution.json"


def run_key(algorithm_id: str, started: datetime) -> str:
    """The name of a run's journal: algorithm id and wall clock of its start, to the second.

    `started` must know its time zone. Characters that a key may not hold become `_`; a missing id becomes `run`.
    """
    if started.tzinfo is None:
        raise ValueError("the start of a run needs a time zone")
    safe = re.sub(r"[^A-Za-z0-9_-]", "_", algorithm_id)[:80] or "run"
    return f"{safe}-{started.astimezone(UTC):%Y%m%d%H%M%S}"


@dataclass(frozen=True, slots=True)
class OrderTag:
    """Who sent an order and why: strategy, strategy trade, action (such as `open` or `close:target`)."""

    strategy: str
    trade_id: str
    action: str

    @property
    def text(self) -> str:
        """The tag as it is put on an order."""
        return "|".join((_TAG_VERSION, self.strategy, self.trade_id, self.action))


def make_tag(strategy: str, trade_id: str, action: str) -> str:
    """The order tag `tk1|strategy|trade_id|action`; ValueError where a part could not be read back."""
    for what, part in (("strategy", strategy), ("trade id", trade_id), ("action", action)):
        if not _TAG_PART.fullmatch(part):
            raise ValueError(f"{what} {part!r} cannot be part of an order tag")
    return OrderTag(strategy, trade_id, action).text


def parse_tag(text: str | None) -> OrderTag | None:
    """What an order tag says, or None where the tag is not one of ours (a person's, an engine's, a cancel reason)."""
    if not text:
        return None
    parts = text.split("|")
    if len(parts) != 4 or parts[0] != _TAG_VERSION or not all(_TAG_PART.fullmatch(part) for part in parts[1:]):
        return None
    return OrderTag(*parts[1:])
