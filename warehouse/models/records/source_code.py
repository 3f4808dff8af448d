"""Tables of how a run was started: its source code, and the launch configuration of LEAN's command line.

Holds: source files by content, which run had which file where, the settings of the `config` file.
Belongs here: a column for something that was fixed before the run began and is no parameter.
Never here: parameters (`records.run_parameters`), secrets.
"""

from __future__ import annotations

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from warehouse.models.base import RECORDS, Base, instant, key, references, text
from warehouse.models.records.runs import run_reference


class SourceFile(Base):
    """A source file by the hash of its bytes: one row however many runs have it."""

    __tablename__ = "source_files"
    __table_args__ = ({"schema": RECORDS},)

    sha256: Mapped[key]
    size: Mapped[int]
    """Bytes of the file."""
    language: Mapped[str | None]
    """python, csharp, notebook, css, html, json."""
    text: Mapped[str | None]
    """None where the bytes are no text, or too many to be code; the raw store has them."""
    learnt_at: Mapped[instant]


class RunCode(Base):
    """A file of the project a run was started from, where it lay in `code/`."""

    __tablename__ = "run_code"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    path: Mapped[key]
    sha256: Mapped[str] = mapped_column(Text, info=references("records.source_files.sha256"))


class LaunchSetting(Base):
    """A setting of the `config` file beside a run; nested ones by their path (`brokerage.name`)."""

    __tablename__ = "launch_settings"
    __table_args__ = ({"schema": RECORDS},)

    run_id: Mapped[str] = run_reference()
    name: Mapped[key]
    value: Mapped[text]
    """As text; what may be a secret is `REDACTED`."""
