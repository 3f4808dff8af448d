"""What a person does about a break.

Holds: listing and showing breaks; assigning, noting, resolving and reopening them.
Belongs here: which action a break's state allows.
Never here: how breaks are found; breaks are derived, actions are records and survive every rebuild.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipelines.errors import Conflict, NotFound
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.records.statements import BreakAction

if TYPE_CHECKING:
    from warehouse.session import WriteSession

SHORTEST_ID = 6
"""Fewest leading characters of an id that name a break."""
Found = dict[str, Any]


def list_breaks(
    session: WriteSession, *, state: str | None = "open", account: str | None = None, cause: str | None = None
) -> list[Found]:
    """Breaks by session and id; None does not restrict."""
    wanted = {"state": state, "account": account, "cause": cause}
    given = {name: value for name, value in wanted.items() if value is not None}
    condition = " AND ".join(f"{name} = ?" for name in given) or "true"
    found = session.frame(
        f"SELECT * EXCLUDE (detail) FROM marts.breaks WHERE {condition} ORDER BY session_date, break_id",
        tuple(given.values()),
    )
    return found.to_dicts()


def show_break(session: WriteSession, reference: str) -> Found:
    """A break with its detail, the causes of its leg, and everything that was done about it."""
    break_id = find_break(session, reference)
    found = _one(session, break_id)
    detail = json.loads(found.pop("detail"))
    causes = session.frame(
        "SELECT component, cause, amount FROM marts.fee_causes WHERE account = ? AND session_date = ? AND symbol = ? "
        "AND lean_order_id IS NOT DISTINCT FROM ? AND run_id IS NOT DISTINCT FROM ? ORDER BY component, cause",
        (found["account"], found["session_date"], found["symbol"], found["lean_order_id"], found["run_id"]),
    )
    actions = session.frame(
        "SELECT action, owner, note, acted_at FROM records.break_actions WHERE break_id = ? ORDER BY acted_at, action_id",
        (break_id,),
    )
    return {**found, "detail": detail, "causes": causes.to_dicts(), "actions": actions.to_dicts()}


def find_break(session: WriteSession, reference: str) -> str:
    """The id of a break by its first characters.

    Raises: NotFound if no break, or more than one, begins like this.
    """
    if len(reference) < SHORTEST_ID:
        raise NotFound(
            f"a break is named by at least {SHORTEST_ID} characters of its id",
            where=reference,
            remedy="tomking breaks list",
        )
    found = session.rows(
        "SELECT break_id FROM derived.breaks WHERE starts_with(break_id, ?) ORDER BY break_id", (reference,)
    )
    if len(found) != 1:
        what = "no break has this id" if not found else f"{len(found)} breaks begin like this"
        raise NotFound(what, where=reference, remedy="tomking breaks list")
    break_id: str = found[0][0]
    return break_id


def assign_break(session: WriteSession, reference: str, owner: str, note: str | None = None) -> Found:
    """Gives a break to an owner.

    Raises: NotFound; Conflict if the break is resolved.
    """
    break_id = find_break(session, reference)
    if _one(session, break_id)["state"] == "resolved":
        raise Conflict("the break is resolved", where=break_id, remedy=f"tomking breaks reopen {break_id[:12]}")
    return _act(session, break_id, "assign", owner=owner, note=note)


def note_break(session: WriteSession, reference: str, note: str) -> Found:
    """Adds a note to a break, whatever its state. Raises: NotFound."""
    return _act(session, find_break(session, reference), "note", note=note)


def resolve_break(session: WriteSession, reference: str, note: str, owner: str | None = None) -> Found:
    """Closes a break, with the reason.

    Raises: NotFound; Conflict if it is resolved already or the reason is empty.
    """
    break_id = find_break(session, reference)
    if not note.strip():
        raise Conflict("a break is resolved with a reason", where=break_id, remedy="give a note")
    if _one(session, break_id)["state"] == "resolved":
        raise Conflict("the break is resolved already", where=break_id)
    return _act(session, break_id, "resolve", owner=owner, note=note)


def reopen_break(session: WriteSession, reference: str, note: str | None = None) -> Found:
    """Opens a resolved or explained break again.

    Raises: NotFound; Conflict if it is open.
    """
    break_id = find_break(session, reference)
    if _one(session, break_id)["state"] == "open":
        raise Conflict("the break is open", where=break_id)
    return _act(session, break_id, "reopen", note=note)


def _act(
    session: WriteSession, break_id: str, action: str, *, owner: str | None = None, note: str | None = None
) -> Found:
    position = session.rows("SELECT count(*) FROM records.break_actions WHERE break_id = ?", (break_id,))[0][0]
    row: Mapping[str, object] = {
        # Zero padded, so that the newest of two actions of one instant is the one with the greater id.
        "action_id": f"{break_id}-{position:06d}-{stable_id(action, owner, note)[:8]}",
        "break_id": break_id,
        "action": action,
        "owner": owner,
        "note": note,
        "acted_at": session.now,
    }
    session.insert(BreakAction, frame(BreakAction, [row]))
    return _one(session, break_id)


def _one(session: WriteSession, break_id: str) -> Found:
    found: Found = session.frame("SELECT * FROM marts.breaks WHERE break_id = ?", (break_id,)).to_dicts()[0]
    return found
