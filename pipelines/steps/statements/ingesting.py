"""Broker statements into the warehouse.

Holds: the step that takes one statement file: raw store, ledger, parsing, quarantine, rows, corrections, dirty days.
Belongs here: the order of these and what is written when one of them says no.
Never here: the reading of a format, the identity of rows, the rule that finds corrections (all pure, elsewhere).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.parsing.refusals import Refusal, Refused
from pipelines.parsing.statements.formats import Reader, reader_of
from pipelines.parsing.statements.identity import identify_file
from pipelines.parsing.statements.rows import StatementFile
from pipelines.privacy import redact_name, redact_text
from pipelines.steps.market.instrument_tables import of_statement, write_instruments
from pipelines.steps.refusing import quarantine
from pipelines.steps.statements import tables
from pipelines.steps.statements.fee_quotes import write_fee_figures
from pipelines.steps.statements.generations import settle_generations
from pipelines.transforms.statements.corrections import corrections

if TYPE_CHECKING:
    from pipelines.config import AccountSettings
    from warehouse.session import WriteSession

KIND = "statement"
LARGEST = 64 * 1024 * 1024
"""Bytes. No broker's export of a year comes near; a larger file would need memory and time nobody planned for."""
DIRTY_DOMAIN = "reconciliation"


@dataclass(frozen=True, slots=True)
class StatementOutcome:
    """What became of one statement file.

    `outcome`: ingested, partial (rows refused, the rest taken), refused (nothing taken), unchanged (known bytes).
    `days` are the sessions, ISO text, whose reconciliation has to be made again. `path` has no account number.
    """

    path: str
    sha256: str
    outcome: str
    format: str | None = None
    account: str | None = None
    rows: int = 0
    new_rows: int = 0
    corrected_rows: int = 0
    refused_rows: int = 0
    first_day: str | None = None
    last_day: str | None = None
    days: tuple[str, ...] = ()
    message: str | None = None


def ingest_statement(
    session: WriteSession, path: Path, *, account: str | None, accounts: Sequence[AccountSettings]
) -> StatementOutcome:
    """Takes one statement into the warehouse.

    The bytes go to the raw store first. Known bytes of the same account and parser version are skipped. A file that
    cannot be taken, or whose account is unclear, goes to quarantine with its reason, and so does every refused row.

    Args:
        session: the writing session.
        path: the file.
        account: alias given by the user; None takes the only configured account of the broker.
        accounts: the configured accounts.
    """
    stored = session.raw.put(path)
    source = tables.Source(redact_name(str(path)), redact_name(path.name), stored.sha256, stored.size)
    if stored.size > LARGEST:
        refusal = Refusal(f"the file has {stored.size:,} bytes, more than {LARGEST:,}: export it in parts, a year each")
        with session.transaction():
            return _refuse_file(session, source, refusal, None, b"")
    data = session.raw.read(stored.sha256)
    reader: Reader | None = None
    with session.transaction():
        try:
            reader = reader_of(data)
            alias = resolve_account(account, accounts, broker=reader.BROKER)
            if tables.is_taken(session, source.sha256, alias, reader.PARSER_VERSION):
                return _unchanged(session, source, reader, alias, reader.recognise(data) or "")
            file = reader.parse(data)
        except Refused as error:
            return _refuse_file(session, source, error.refusal, reader, data)
        return _take(session, source, reader, file, alias)


def resolve_account(account: str | None, accounts: Sequence[AccountSettings], *, broker: str) -> str:
    """The alias a statement belongs to: the one given, else the only configured account of the broker.

    Raises:
        Refused: none or several are configured, the given one is another broker's, or it is an account number.
    """
    if account is not None:
        if redact_text(account) != account:
            raise Refused(
                Refusal("an account is named by its alias, never by its number: --account ALIAS", field="account")
            )
        configured = next((known for known in accounts if known.alias == account), None)
        if configured is not None and configured.broker != broker:
            reason = f"account {account} is configured at {configured.broker}, the statement is of {broker}"
            raise Refused(Refusal(reason, field="account", value=account))
        return account
    candidates = [known.alias for known in accounts if known.broker == broker]
    if len(candidates) == 1:
        return candidates[0]
    if not candidates:
        reason = f"no account of {broker} is configured; name one with --account ALIAS or add it to tomking.toml"
    else:
        reason = f"several accounts of {broker} are configured ({', '.join(candidates)}); name one with --account ALIAS"
    raise Refused(Refusal(reason, field="account"))


def _unchanged(
    session: WriteSession, source: tables.Source, reader: Reader, alias: str, format_name: str
) -> StatementOutcome:
    _record(session, source, reader.PARSER_VERSION, "unchanged", account=alias)
    return StatementOutcome(source.path, source.sha256, "unchanged", format=format_name, account=alias)


def _record(
    session: WriteSession,
    source: tables.Source,
    parser_version: str,
    outcome: str,
    *,
    account: str | None,
    message: str | None = None,
) -> None:
    session.record_file(
        path=source.path,
        sha256=source.sha256,
        size=source.size,
        kind=KIND,
        parser_version=parser_version,
        outcome=outcome,
        account=account,
        message=message,
    )


def _refuse_file(
    session: WriteSession, source: tables.Source, refusal: Refusal, reader: Reader | None, data: bytes
) -> StatementOutcome:
    message = redact_text(str(Refused(refusal)))
    format_name = reader.recognise(data) if reader else None
    _quarantine(session, source, [refusal])
    _record(session, source, reader.PARSER_VERSION if reader else "none", "refused", account=None, message=message)
    return StatementOutcome(source.path, source.sha256, "refused", format=format_name, message=message)


def _quarantine(session: WriteSession, source: tables.Source, refusals: Sequence[Refusal]) -> None:
    """Puts refusals into quarantine and closes what was said of earlier attempts at this file and no longer holds."""
    shown = [_shown(refusal) for refusal in refusals]
    still = {(source.sha256, refusal.line, refusal.field, refusal.reason) for refusal in shown}
    query = (
        "SELECT quarantine_id, sha256, line, field, reason FROM ops.quarantine "
        "WHERE state = 'open' AND (sha256 = ? OR path = ?)"
    )
    for quarantine_id, *said in session.rows(query, (source.sha256, source.path)):
        if tuple(said) not in still:
            session.execute(
                "UPDATE ops.quarantine SET state = 'resolved', resolved_at = ? WHERE quarantine_id = ?",
                (session.now, quarantine_id),
            )
    quarantine(session, shown, path=source.path, sha256=source.sha256)


def _shown(refusal: Refusal) -> Refusal:
    value = None if refusal.value is None else redact_text(refusal.value)[:200]
    return Refusal(redact_text(refusal.reason), refusal.line, refusal.field, value)


def _take(
    session: WriteSession, source: tables.Source, reader: Reader, file: StatementFile, alias: str
) -> StatementOutcome:
    rows = [
        tables.Identified(row, row_id, occurrence)
        for row, (row_id, occurrence) in zip(file.rows, identify_file(file, alias), strict=True)
    ]
    earlier = tables.earlier_parse(session, source.sha256, alias)
    learnt_at = earlier or session.now
    dirty: set[dt.date] = set()
    if earlier is not None:
        dirty |= tables.forget(session, source.sha256, alias, keep={found.row_id for found in rows})
    standing = tables.standing_fills(session, alias, rows)
    added = tables.write_rows(session, rows, alias, reader.BROKER, learnt_at, again=earlier is not None)
    tables.write_sources(session, rows, source.sha256)
    write_instruments(session, of_statement(file.rows, reader.BROKER))
    replaced = corrections(tables.fills(rows), standing)
    dirty |= {*added.values(), *tables.write_corrections(session, replaced)}
    tables.write_statement(
        session,
        source,
        file,
        account=alias,
        broker=reader.BROKER,
        parser_version=reader.PARSER_VERSION,
        new_rows=len(added),
        learnt_at=learnt_at,
    )
    dirty |= settle_generations(session, alias)
    dirty |= write_fee_figures(session, file, account=alias, broker=reader.BROKER, sha256=source.sha256)
    _quarantine(session, source, file.refusals)
    if dirty:
        session.mark_dirty(DIRTY_DOMAIN, sorted(dirty), f"statement {source.file_name}")
    outcome = "partial" if file.refusals else "ingested"
    message = f"{len(file.refusals)} of {len(file.refusals) + len(rows)} rows refused" if file.refusals else None
    _record(session, source, reader.PARSER_VERSION, outcome, account=alias, message=message)
    covered = sorted(row.session_date for row in file.rows)
    return StatementOutcome(
        source.path,
        source.sha256,
        outcome,
        format=file.format,
        account=alias,
        rows=len(rows),
        new_rows=len(added),
        corrected_rows=len(replaced),
        refused_rows=len(file.refusals),
        first_day=covered[0].isoformat() if covered else None,
        last_day=covered[-1].isoformat() if covered else None,
        days=tuple(day.isoformat() for day in sorted(dirty)),
        message=message,
    )
