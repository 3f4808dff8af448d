"""What a run wrote beside its result: charts, insights, analysis, data requests, launch settings, source code.

Holds: the tables of these, filled from a run's files in the raw store.
Belongs here: a file of a run that is not the result, the events or a log.
Never here: the result's own tables (`pipelines.steps.lean.tables`), the notation of a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from pipelines.parsing.lean import source_code as lean_code
from pipelines.parsing.lean.analysis import parse_analysis
from pipelines.parsing.lean.charts import parse_charts
from pipelines.parsing.lean.eras import to_current
from pipelines.parsing.lean.insights import LeanInsight, parse_insight_list
from pipelines.parsing.lean.launch import parse_settings
from pipelines.parsing.lean.monitor import damage_in_requests, lists_successes, parse_report, parse_requests
from pipelines.parsing.lean.windows import figure_names, missing_figures, parse_window
from pipelines.parsing.plain_text import without_mark
from pipelines.parsing.refusals import Refusal, Refused
from pipelines.privacy import redact_json, redact_text
from pipelines.steps.lean.charts import ChartSource, write_charts
from pipelines.steps.lean.rows import chunked_frame
from warehouse.frames import conform, frame_of_tuples, money_if_it_fits, table_of
from warehouse.models.base import Base
from warehouse.models.records.diagnostics import AnalysisFinding, DataMonitorReport, DataRequest
from warehouse.models.records.insights import Insight
from warehouse.models.records.rolling_statistics import RollingStatistic
from warehouse.models.records.source_code import LaunchSetting, RunCode, SourceFile

if TYPE_CHECKING:
    from pipelines.parsing.lean.run import LeanRun
    from pipelines.steps.lean.run_files import StoredFile
    from warehouse.session import WriteSession

HIGH_FAILED_SHARE = Decimal(25)
"""Percent of failed data requests above which an ingest says so: the local data does not carry the run."""

_SAMPLINGS = {"day_10minute": "ten_minute", "day_minute": "minute"}
_READERS: Mapping[str, Callable[[bytes], object]] = {
    "hour": lambda data: parse_charts(to_current(data)),
    "data_monitor": parse_report,
    "launch": parse_settings,
}
"""By role, what refuses a file that is broken."""
_WINDOW = ("run_id", "months", "ends_on", "section", "name", "value_text", "value_number", "unit")
_Row = dict[str, Any]


@dataclass(slots=True)
class SideFiles:
    """What could not be read, by file, the files of which nothing could, and what a person should know."""

    refused: list[tuple[str, Refusal]] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)


def write_side_files(
    session: WriteSession, run_id: str, run: LeanRun, stored: Sequence[StoredFile], *, is_new: bool, keep_old: bool
) -> SideFiles:
    """Replace every row that rests on these files; the caller holds the transaction.

    With `keep_old`, chart points and insights that the newer files no longer carry stay. `is_new` says that nothing of
    the run is stored yet.
    """
    writer = _Writer(session, run_id, stored, is_new=is_new)
    found = writer.found
    found.refused += write_charts(
        session,
        run_id,
        _chart_sources(run, writer),
        as_of=run.evidence.newest_at,
        is_new=is_new,
        join=keep_old,
    )
    writer.replace(Insight, _insight_rows(writer), keep_old=keep_old)
    writer.replace(AnalysisFinding, _finding_rows(run, writer))
    writer.replace_frame(RollingStatistic, frame_of_tuples(RollingStatistic, _WINDOW, list(_window_rows(run, writer))))
    writer.replace(DataMonitorReport, _report_rows(writer))
    writer.replace(DataRequest, _request_rows(writer))
    _compare_counts(writer)
    writer.replace(LaunchSetting, _setting_rows(writer))
    _write_code(writer)
    return found


def count_unreadable(session: WriteSession, stored: Iterable[StoredFile]) -> int:
    """How many of the files that are read here cannot be: of two versions of a run, the one with fewer is the better."""
    return sum(
        not _is_readable(file.role, without_mark(session.raw.read(file.sha256)))
        for file in stored
        if file.role in _READERS
    )


def _is_readable(role: str, data: bytes) -> bool:
    try:
        _READERS[role](data)
    except Refused:
        return False
    return True


class _Writer:
    """The files of one run and the tables they go to."""

    def __init__(self, session: WriteSession, run_id: str, stored: Sequence[StoredFile], *, is_new: bool) -> None:
        self.session = session
        self.run_id = run_id
        self.found = SideFiles()
        self.claimed: dict[str, dict[bool, int | None]] = {}
        """Requests that each report counts, by whether they succeeded."""
        self.listed = {True: 0, False: 0}
        """Requests that are listed."""
        self._stored = stored
        self._is_new = is_new

    def files(self, *roles: str) -> list[StoredFile]:
        """The files of these roles, by name."""
        return sorted((file for file in self._stored if file.role in roles), key=lambda file: file.name)

    def role_of(self, file_name: str) -> str:
        """The role of a file."""
        return next((file.role for file in self._stored if file.name == file_name), "main")

    def read(self, *roles: str) -> Iterator[tuple[str, bytes]]:
        """Name and bytes of the files of these roles."""
        for file in self.files(*roles):
            yield file.name, without_mark(self.session.raw.read(file.sha256))

    def refuse(self, name: str, refusal: Refusal) -> None:
        """Keep the run without this file."""
        self.found.refused.append((name, refusal))
        self.found.unread.add(name)

    def replace(self, model: type[Base], rows: Iterable[Mapping[str, object]], *, keep_old: bool = False) -> None:
        """The rows of this run in a table are these and no others (`keep_old`: but for those of other keys)."""
        self.replace_frame(model, chunked_frame(model, rows), keep_old=keep_old)

    def replace_frame(self, model: type[Base], new: pl.DataFrame, *, keep_old: bool = False) -> None:
        """`replace` by the rows of a frame."""
        if self._is_new:
            self.session.insert(model, new)
            return
        if keep_old:
            table = table_of(model)
            names = [column.name for column in table.primary_key.columns]
            sql = f"SELECT * FROM {table.schema}.{table.name} WHERE run_id = ?"
            old = conform(model, self.session.frame(sql, (self.run_id,)))
            new = pl.concat([new, old.join(new.select(names), on=names, how="anti")])
        self.session.replace(model, new, "run_id = ?", (self.run_id,))


def _chart_sources(run: LeanRun, writer: _Writer) -> Iterator[ChartSource]:
    for member in run.raw_members:
        if member.member == "charts" and member.key is not None:
            sampling = _SAMPLINGS.get(writer.role_of(member.file_name), "main")
            yield ChartSource(member.file_name, sampling, member.key, member.data)
    for name, data in writer.read("hour"):
        try:
            charts = parse_charts(to_current(data))
        except Refused as error:
            writer.refuse(name, error.refusal)
        else:
            for chart, raw in charts.items():
                yield ChartSource(name, "second", chart, bytes(raw))


def _insight_rows(writer: _Writer) -> Iterator[_Row]:
    seen: set[str] = set()
    for name, data in writer.read("insights"):
        # A list that cannot be read was refused with the run: it is a part of its evidence.
        with suppress(Refused):
            insights, refusals = parse_insight_list(data)
            writer.found.refused += ((name, refusal) for refusal in refusals)
            for insight in insights:
                if insight.insight_id not in seen:
                    seen.add(insight.insight_id)
                    yield _insight_row(insight, writer.run_id)


def _insight_row(insight: LeanInsight, run_id: str) -> _Row:
    return {
        "run_id": run_id,
        "insight_id": insight.insight_id,
        "position": insight.position,
        "group_id": insight.group_id,
        "source_model": insight.source_model,
        "generated_at": insight.generated_at,
        "created_at": insight.created_at,
        "close_at": insight.close_at,
        "symbol_id": insight.symbol_id,
        "ticker": insight.ticker,
        "insight_type": insight.insight_type,
        "direction": insight.direction,
        "period_seconds": _figure(insight.period_seconds),
        "magnitude": _figure(insight.magnitude),
        "confidence": _figure(insight.confidence),
        "weight": _figure(insight.weight),
        "reference_value": money_if_it_fits(insight.reference_value),
        "reference_value_final": money_if_it_fits(insight.reference_value_final),
        "score_is_final": insight.score_is_final,
        "score_magnitude": _figure(insight.score_magnitude),
        "score_direction": _figure(insight.score_direction),
        "estimated_value": money_if_it_fits(insight.estimated_value),
        "tag": insight.tag and redact_text(insight.tag),
    }


def _figure(value: Decimal | None) -> float | None:
    """A statistic; what no float can hold is unknown."""
    return None if value is None or not math.isfinite(float(value)) else float(value)


def _finding_rows(run: LeanRun, writer: _Writer) -> Iterator[_Row]:
    # Only the main file has findings that are those of the whole run.
    member = next((member for member in run.raw_members if member.member == "analysis"), None)
    if member is None:
        return
    findings, refusals = parse_analysis(member.data)
    writer.found.refused += ((member.file_name, refusal) for refusal in refusals)
    for finding in findings:
        yield {
            "run_id": writer.run_id,
            "position": finding.position,
            "name": finding.name,
            "parent": finding.parent,
            "issue": redact_text(finding.issue),
            "occurrences": finding.occurrences,
            "sample_json": finding.sample_json and redact_json(finding.sample_json),
            "solutions_json": json.dumps(finding.solutions, ensure_ascii=False),
        }


def _window_rows(run: LeanRun, writer: _Writer) -> Iterator[tuple[Any, ...]]:
    """Values of `_WINDOW`: the windows of a long run have more figures than all else beside its orders."""
    names: dict[str, frozenset[str]] = {}
    for member in run.raw_members:
        if member.member != "rollingWindow" or member.key is None:
            continue
        names[member.key] = figure_names(member.data)
        try:
            figures = parse_window(member.key, member.data)
        except Refused as error:
            writer.found.refused.append((member.file_name, error.refusal))
            continue
        for one in figures:
            yield writer.run_id, one.months, one.ends_on, one.section, one.name, one.text, one.number, one.unit
    # Only a backtest's main file has windows.
    writer.found.refused += ((file.name, one) for file in writer.files("main") for one in missing_figures(names))


def _report_rows(writer: _Writer) -> Iterator[_Row]:
    for name, data in writer.read("data_monitor"):
        try:
            report = parse_report(data)
        except Refused as error:
            writer.refuse(name, error.refusal)
            continue
        if report.failed_percentage is not None and report.failed_percentage > HIGH_FAILED_SHARE:
            share, asked = format(report.failed_percentage.normalize(), "f"), report.requests
            writer.found.warnings.append(f"{share} % of {asked} data requests failed: data is missing locally")
        writer.claimed[name] = {True: report.succeeded, False: report.failed}
        yield {
            "run_id": writer.run_id,
            "file_name": name,
            "requests": report.requests,
            "succeeded": report.succeeded,
            "failed": report.failed,
            "failed_percentage": money_if_it_fits(report.failed_percentage),
            "universe_requests": report.universe_requests,
            "universe_succeeded": report.universe_succeeded,
            "universe_failed": report.universe_failed,
            "universe_failed_percentage": money_if_it_fits(report.universe_failed_percentage),
            "rates_json": f"[{','.join(report.rates)}]",
        }


def _request_rows(writer: _Writer) -> Iterator[_Row]:
    for name, data in writer.read("data_requests"):
        succeeded = lists_successes(name)
        writer.found.refused += ((name, damage) for damage in damage_in_requests(data))
        for line, path in parse_requests(data):
            writer.listed[succeeded] += 1
            yield {
                "run_id": writer.run_id,
                "file_name": name,
                "position": line,
                "path": redact_text(path),
                "succeeded": succeeded,
            }


def _compare_counts(writer: _Writer) -> None:
    """The report counts what the lists list; of a run with several reports nobody knows whose the lists are."""
    if len(writer.claimed) != 1:
        return
    ((report, claimed),) = writer.claimed.items()
    lists = {lists_successes(file.name): file.name for file in writer.files("data_requests")}
    for succeeded, count in claimed.items():
        listed = writer.listed[succeeded]
        # A list that is damaged says so itself.
        is_damaged = any(name == lists.get(succeeded) for name, _ in writer.found.refused)
        if count is not None and count != listed and not is_damaged:
            refusal = Refusal(
                f"the report counts other {'succeeded' if succeeded else 'failed'} requests than are listed",
                value=f"{listed} listed, {count} counted",
            )
            writer.found.refused.append((lists.get(succeeded, report), refusal))


def _setting_rows(writer: _Writer) -> Iterator[_Row]:
    for name, data in writer.read("launch"):
        try:
            settings = parse_settings(data)
        except Refused as error:
            writer.refuse(name, error.refusal)
        else:
            for setting, value in settings.items():
                yield {"run_id": writer.run_id, "name": setting, "value": value}


def _write_code(writer: _Writer) -> None:
    session, run_id = writer.session, writer.run_id
    files = {file.name.removeprefix(f"{lean_code.FOLDER}/"): file for file in writer.files("code")}
    write_sources(session, files.values())
    rows = [{"run_id": run_id, "path": path, "sha256": file.sha256} for path, file in files.items()]
    writer.replace(RunCode, rows)
    if files:
        set_code_hash(session, run_id, ((path, file.sha256) for path, file in files.items()))


def write_sources(session: WriteSession, files: Iterable[StoredFile]) -> None:
    """The text of every source file that is not known yet, once however many runs have it."""
    by_hash = {file.sha256: file for file in files}
    if not by_hash:
        return
    marks = ", ".join("?" for _ in by_hash)
    known = session.rows(f"SELECT sha256 FROM records.source_files WHERE sha256 IN ({marks})", tuple(by_hash))
    for (sha256,) in known:
        del by_hash[sha256]
    rows = (
        {
            "sha256": sha256,
            "size": file.size,
            "language": lean_code.language_of(file.name),
            "text": lean_code.text_of(session.raw.read(sha256)),
            "learnt_at": session.now,
        }
        for sha256, file in by_hash.items()
    )
    if by_hash:
        session.insert(SourceFile, chunked_frame(SourceFile, rows))


def set_code_hash(session: WriteSession, run_id: str, files: Iterable[tuple[str, str]]) -> None:
    """Write the hash over (path, sha256) of a run's code into the run's row."""
    code = lean_code.code_hash(files)
    session.execute(
        "UPDATE records.runs SET code_hash = ? WHERE run_id = ? AND code_hash IS DISTINCT FROM ?", (code, run_id, code)
    )
