"""One conversation with a web service: paced, patient up to a limit, and silent about what it sends.

Holds: the HTTP client of every connection, with pace, time limits, retries and the largest answer it takes.
Belongs here: what is true of any service over HTTP.
Never here: what a broker's replies mean, where credentials come from.

Only reading requests are sent, so that every one of them may be sent again. Redirections are not followed: a
credential goes to the configured address and nowhere else.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from importlib import metadata
from types import TracebackType
from typing import Any, Self

import httpx
import tenacity

from pipelines.connections.errors import ConnectionFailed
from pipelines.privacy import AccountNumberFilter, redact_text

USER_AGENT = f"tomking/{metadata.version('tomking')}"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which the same request may succeed."""
_OWN_LOGS = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")
_SHOWN = 160


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long to wait and how much to take; seconds and bytes."""

    connect: float = 10.0
    silence: float = 60.0
    """Longest time without a byte."""
    answer: float = 300.0
    """Longest time for a whole answer, however steadily it drips."""
    size: int = 256 * 1024 * 1024
    attempts: int = 5
    first_wait: float = 1.0
    longest_wait: float = 120.0
    """Of a single wait between two attempts; a server that wants more is left alone until the next night."""


@dataclass(slots=True)
class Pace:
    """At most one request in `gap` seconds and at most `most` in `window` seconds."""

    gap: float
    most: int
    window: float
    sleep: Callable[[float], None] = _sleep
    clock: Callable[[], float] = time.monotonic
    _sent: deque[float] = field(default_factory=deque)

    def wait(self) -> None:
        """Wait until the next request may go, and count it."""
        now = self.clock()
        ready = self._sent[-1] + self.gap if self._sent else now
        if len(self._sent) >= self.most:
            ready = max(ready, self._sent[-self.most] + self.window)
        if ready > now:
            self.sleep(ready - now)
        self._sent.append(max(ready, now))
        while len(self._sent) > self.most:
            self._sent.popleft()


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: every byte of the body as it was received (after the transport's own compression)."""

    status: int
    kind: str
    """The media type, in small letters."""
    body: bytes

    @property
    def is_page(self) -> bool:
        """Whether this is a page for people, which services put before an error or a maintenance."""
        return "html" in self.kind or self.body[:200].lstrip().lower().startswith((b"<!doctype html", b"<html"))

    def excerpt(self) -> str:
        """The beginning of the body as one line, masked."""
        text = self.body[:2000].decode("utf-8", "replace")
        return redact_text(" ".join(text.split()))[:_SHOWN]


class Unfinished(Exception):
    """An attempt that may be made again; `wait` is what the server asked for, in seconds."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


class Exchange:
    """An HTTP client for one service. A context manager.

    `what` names the service in messages, `address` is its root. Every method raises ConnectionFailed.
    """

    def __init__(
        self,
        what: str,
        address: str,
        *,
        pace: Pace,
        limits: Limits | None = None,
        sleep: Callable[[float], None] = _sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.what, self.address = what, address.rstrip("/")
        self.limits, self.sleep, self.clock, self._pace = limits or Limits(), sleep, clock, pace
        _mask_logs()
        self._client = httpx.Client(
            headers={"User-Agent": USER_AGENT, "Accept": "application/json, application/xml, text/xml"},
            timeout=httpx.Timeout(self.limits.silence, connect=self.limits.connect),
            follow_redirects=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._client.close()

    def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        good: Callable[[Answer], str | None] = lambda _: None,
    ) -> Answer:
        """The answer to a GET. `good` says what is wrong with an answer of status 200 that may be better next time."""
        return self._patiently("GET", path, good, params=dict(params or {}), headers=dict(headers or {}))

    def post(self, path: str, document: Mapping[str, str]) -> Answer:
        """The answer to a POST of a JSON document."""
        return self._patiently("POST", path, lambda _: None, json=dict(document))

    def _patiently(self, method: str, path: str, good: Callable[[Answer], str | None], **sent: Any) -> Answer:
        address = path if "://" in path else self.address + path
        attempts = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(Unfinished),
            stop=tenacity.stop_after_attempt(self.limits.attempts),
            wait=self._wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            return attempts(self._once, method, address, good, sent)
        except Unfinished as error:
            times = "once" if self.limits.attempts == 1 else f"{self.limits.attempts} times"
            raise ConnectionFailed(
                f"{self.what} did not answer as it should, asked {times}",
                where=_without_query(address),
                why=str(error),
                remedy="nothing was changed; try again later (`tomking fetch`), and see whether the service is up",
            ) from None

    def _once(self, method: str, address: str, good: Callable[[Answer], str | None], sent: dict[str, Any]) -> Answer:
        self._pace.wait()
        try:
            with self._client.stream(method, address, **sent) as response:
                answer = Answer(response.status_code, _kind(response), self._body(response))
                asked = _retry_after(response.headers.get("Retry-After"))
        except httpx.TimeoutException as error:
            raise Unfinished(f"no answer in time ({type(error).__name__})") from None
        except httpx.TransportError as error:
            raise Unfinished(redact_text(f"the connection broke: {error}")) from None
        except (httpx.DecodingError, httpx.InvalidURL) as error:
            raise Unfinished(redact_text(f"the answer cannot be decoded: {error}")) from None
        if answer.status in PASSING:
            if asked is not None and asked > self.limits.longest_wait:
                raise ConnectionFailed(
                    f"{self.what} asks to be left alone for {asked:.0f} seconds (status {answer.status})",
                    where=_without_query(address),
                    remedy="fetch again after that time",
                )
            raise Unfinished(f"status {answer.status}: {answer.excerpt()}", asked)
        if answer.status == httpx.codes.OK and (wrong := good(answer)) is not None:
            raise Unfinished(wrong)
        return answer

    def _body(self, response: httpx.Response) -> bytes:
        """The whole body. Raises Unfinished where it takes too long, ConnectionFailed where it is too large."""
        began, parts, size = time.monotonic(), [], 0
        for part in response.iter_bytes():
            parts.append(part)
            size += len(part)
            if size > self.limits.size:
                raise ConnectionFailed(
                    f"{self.what} sends more than {self.limits.size:,} bytes",
                    where=_without_query(str(response.url)),
                    remedy="ask for a shorter time: --since DATE, or a shorter period of the Flex query",
                )
            if time.monotonic() - began > self.limits.answer:
                raise Unfinished(f"the answer was not complete after {self.limits.answer:.0f} seconds")
        return b"".join(parts)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.wait if isinstance(error, Unfinished) else None
        backoff = tenacity.wait_exponential_jitter(initial=self.limits.first_wait, max=self.limits.longest_wait)
        return max(asked or 0.0, backoff(state))


def _kind(response: httpx.Response) -> str:
    return str(response.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def _without_query(address: str) -> str:
    return redact_text(address.partition("?")[0])


def _retry_after(text: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; None where it says neither."""
    if text is None:
        return None
    if text.strip().isdigit():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds())


def _mask_logs() -> None:
    """The client logs addresses, and an address may carry a token."""
    for name in _OWN_LOGS:
        logger = logging.getLogger(name)
        if not any(isinstance(found, AccountNumberFilter) for found in logger.filters):
            logger.addFilter(AccountNumberFilter())
