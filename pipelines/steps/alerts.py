"""Alerts: a message that reaches somewhere outside the database.

Holds: the one function that raises an alert.
Belongs here: sinks (a JSON-lines file that any mailer or pager can follow, and the log).
Never here: deciding what is worth an alert.
"""

from __future__ import annotations

import json
import logging
from pathlib import Path

from warehouse.access import WriteSession
from warehouse.frames import frame
from warehouse.keys import stable_id
from warehouse.models.ops import Alert

ALERT_FILE = "alerts.jsonl"
logger = logging.getLogger("tomking.alerts")


def raise_alert(session: WriteSession, severity: str, source: str, message: str) -> None:
    """Record an alert in `ops.alerts` and append it to `alerts.jsonl` in the state folder."""
    row = {
        "alert_id": stable_id("alert", source, message, session.now.isoformat()),
        "raised_at": session.now,
        "severity": severity,
        "source": source,
        "message": message,
    }
    session.insert_new(Alert, frame(Alert, [row]))
    append_to_sink(session.state_dir, {**row, "raised_at": session.now.isoformat()})
    logger.log(logging.ERROR if severity == "error" else logging.WARNING, "%s: %s", source, message)


def append_to_sink(state_dir: Path, line: dict[str, object]) -> None:
    """Append one JSON line to the alert file; also usable when the database cannot be opened."""
    with (state_dir / ALERT_FILE).open("a", encoding="utf-8") as sink:
        sink.write(json.dumps(line, ensure_ascii=False) + "\n")
