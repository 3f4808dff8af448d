"""Interactive Brokers' Flex Web Service: a prepared query becomes a report.

Holds: asking for a report, waiting until it is made, and the checks that it is one.
Belongs here: the protocol of version 3 (SendRequest, GetStatement, reference codes).
Never here: reading a report (`parsing.ibkr_flex`), the meaning of the codes (`flex_codes`).

The token stands in the address of every request, so no address is ever shown. A reply names the address to collect the
report from; it is followed only to the service's own host, because the token goes with it. At most one request a second
and ten a minute are allowed for a token.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from xml.etree import ElementTree

import httpx

from pipelines.connections.credentials import Credentials
from pipelines.connections.errors import ConnectionFailed
from pipelines.connections.exchange import Answer, Exchange, Pace
from pipelines.connections.fetched import Fetched
from pipelines.connections.flex_codes import IN_PROGRESS, STALE_REFERENCE, THROTTLED, describe
from pipelines.parsing.ibkr.flex_xml import Report as FlexReport
from pipelines.parsing.ibkr.flex_xml import read_report
from pipelines.parsing.refusals import Refused
from pipelines.privacy import redact_text

ADDRESS: Final = "https://ndcdyn.interactivebrokers.com/AccountManagement/FlexWebService"
NAME: Final = "IBKR's Flex Web Service"
OWN_HOSTS: Final = ".interactivebrokers.com"
VERSION: Final = "3"
PATIENCE: Final = 600.0
"""Seconds to wait for a report that is being generated."""
_WAITS: Final = (5.0, 5.0, 10.0, 10.0, 20.0, 30.0)
"""Seconds between questions for a report; the last one again and again."""
_THROTTLE_WAIT: Final = 60.0
_SMALL: Final = 65_536

Report = Callable[[int, int, str], None]


def pace() -> Pace:
    """One request a second, ten a minute: the service's own limits for a token."""
    return Pace(gap=1.0, most=10, window=60.0)


@dataclass(frozen=True, slots=True)
class _Reply:
    """A short reply: success with a reference and an address, or a code with the broker's words."""

    status: str
    reference: str | None
    address: str | None
    code: int | None
    message: str


class IbkrFlex:
    """The service for one token. Every method raises ConnectionFailed."""

    def __init__(self, exchange: Exchange, credentials: Credentials, queries: tuple[str, ...]) -> None:
        self._exchange, self._credentials, self._queries = exchange, credentials, queries

    def fetch(self, since: dt.date, _today: dt.date, progress: Report) -> Iterator[Fetched]:
        """The report of each query. Its period is set in the query; a report that begins later than `since` says so."""
        for done, query in enumerate(self._queries):
            progress(done, len(self._queries), f"query {query}")
            body, report = self._report(query)
            days = _days(report)
            period = f"{days[0]}_{days[-1]}" if days else "undated"
            late = bool(days) and days[0] > since.strftime("%Y%m%d")
            note = f"query {query} begins on {days[0]}: its period is set in Client Portal" if late else None
            yield Fetched(f"flex_{query}_{period}", ".xml", body, note=note)

    def _report(self, query: str) -> tuple[bytes, FlexReport]:
        for attempt in (1, 2):
            reference, address = self._request(query)
            found = self._collect(query, reference, address)
            if found is not None:
                return found
            if attempt == 2:
                break
        raise self._told(query, STALE_REFERENCE, "the reference code was refused twice")

    def _request(self, query: str) -> tuple[str, str]:
        """Ask for a report: its reference code and the address to collect it from."""
        waited = 0.0
        for step in range(1_000):
            reply = _reply_of(self._ask(f"{self._exchange.address}/SendRequest", query))
            if reply is None:
                raise ConnectionFailed(f"{NAME} answers with something else than a reference code")
            if reply.status == "Success" and reply.reference:
                return reply.reference, self._own(reply.address)
            code = reply.code or 0
            if not describe(code).passing or waited >= PATIENCE:
                raise self._told(query, code, reply.message)
            waited += self._pause(step, code)
        raise AssertionError("unreachable: patience ends before")

    def _collect(self, query: str, reference: str, address: str) -> tuple[bytes, FlexReport] | None:
        """The report once it is made; None where the reference is no longer known and another has to be asked for."""
        waited = 0.0
        for step in range(1_000):
            answer = self._ask(address, reference)
            reply = _reply_of(answer)
            if reply is None:
                return answer.body, _report_of(answer)
            code = reply.code or 0
            if code == STALE_REFERENCE:
                return None
            if not describe(code).passing or waited >= PATIENCE:
                raise self._told(query, code, reply.message)
            waited += self._pause(step, code)
        raise AssertionError("unreachable: patience ends before")

    def _ask(self, address: str, subject: str) -> Answer:
        asked = {"t": self._credentials["flex_token"], "q": subject, "v": VERSION}
        answer = self._exchange.get(address, asked, good=_nothing_of_flex)
        if answer.status != httpx.codes.OK:
            raise ConnectionFailed(
                f"{NAME} refuses the request (status {answer.status})",
                where=f"account {self._credentials.account}",
                why="a page for people" if answer.is_page else answer.excerpt(),
                remedy="see whether the service is up, and whether this machine may reach it",
            )
        return answer

    def _pause(self, step: int, code: int) -> float:
        seconds = _THROTTLE_WAIT if code == THROTTLED else _WAITS[min(step, len(_WAITS) - 1)]
        self._exchange.sleep(seconds)
        return seconds

    def _own(self, address: str | None) -> str:
        """The address to collect from: the one named, if it is the service's own; without one, beside SendRequest."""
        if not address:
            return f"{self._exchange.address}/GetStatement"
        named, configured = urlsplit(address), urlsplit(self._exchange.address)
        same = (named.scheme, named.netloc) == (configured.scheme, configured.netloc)
        broker = named.scheme == "https" and (named.hostname or "").endswith(OWN_HOSTS) and named.username is None
        if not (same or broker):
            raise ConnectionFailed(
                f"{NAME} names another host to collect the report from",
                where=named.hostname or "(none)",
                why="the token would go there",
                remedy="nothing was sent; see whether the connection's `address` is the broker's own",
            )
        return address.partition("?")[0]

    def _told(self, query: str, code: int, message: str) -> ConnectionFailed:
        meaning = describe(code)
        return ConnectionFailed(
            f"{NAME} gives no report for query {query}: {meaning.meaning} (code {code})",
            where=f"account {self._credentials.account}",
            why=redact_text(message) or None,
            remedy=meaning.remedy,
        )


def _reply_of(answer: Answer) -> _Reply | None:
    """The short reply of the service; None where the body is something larger, such as a report."""
    body = answer.body
    if len(body) > _SMALL or b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        return None
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        # Some hosts say "in progress" in plain words.
        words = body.decode("utf-8", "replace")
        waits = "in progress" in words.lower() and b"<FlexQueryResponse" not in body
        return _Reply("Warn", None, None, IN_PROGRESS, words[:200]) if waits else None
    if root.tag != "FlexStatementResponse":
        return None
    told = {child.tag.lower(): (child.text or "").strip() for child in root}
    code = told.get("errorcode", "")
    # The element of the address has been written Url and url.
    return _Reply(
        told.get("status", ""),
        told.get("referencecode") or None,
        told.get("url") or None,
        int(code) if code.isdigit() else None,
        told.get("errormessage", ""),
    )


def _report_of(answer: Answer) -> FlexReport:
    try:
        return read_report(answer.body)
    except Refused as error:
        raise ConnectionFailed(f"{NAME} sent no Flex report", why=str(error)) from None


def _nothing_of_flex(answer: Answer) -> str | None:
    """What is wrong with an answer that is neither a short reply nor a whole report."""
    if answer.is_page:
        return "a page for people instead of XML (maintenance, or a proxy in between)"
    if _reply_of(answer) is not None:
        return None
    try:
        read_report(answer.body)
    except Refused as error:
        if not answer.body.lstrip().startswith(b"<"):
            return f"no XML: give the query the format XML in Client Portal ({answer.excerpt()})"
        return str(error)
    return None


def _days(report: FlexReport) -> list[str]:
    """First and last days of the statements of a report as yyyymmdd, sorted."""
    days = [
        re.sub(r"[^0-9]", "", statement.attributes.get(name, ""))[:8]
        for statement in report.statements
        for name in ("fromDate", "toDate")
    ]
    return sorted(day for day in days if day)
