"""Local servers that speak the brokers' documented protocols, on 127.0.0.1.

Holds: tastytrade's login, pages and day totals; IBKR's Flex Web Service; the faults either can be told to show.
Belongs here: what the other side of a connection does.
Never here: tests.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

S = TypeVar("S", bound="Server")
PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We are back soon.</body></html>"


@dataclass(frozen=True)
class Reply:
    """What a server sends. `declared` overrides Content-Length; `drip` seconds pass before every byte."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    declared: int | None = None
    silence: float = 0.0
    drip: float = 0.0


@dataclass(frozen=True)
class Asked:
    """A request as the server saw it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


class Server:
    """A server whose answers `answer` gives; faults queued for a path come first, one per request."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: dict[str, deque[Reply]] = {}
        self.address = ""

    def fail(self, path: str, *replies: Reply) -> None:
        """Answer the next requests whose path ends so with these replies."""
        self.faults.setdefault(path, deque()).extend(replies)

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [one.path for one in self.asked]

    def reply(self, asked: Asked) -> Reply:
        """The queued fault, else the protocol's answer."""
        self.asked.append(asked)
        for path, waiting in self.faults.items():
            if asked.path.endswith(path) and waiting:
                return waiting.popleft()
        return self.answer(asked)

    def answer(self, asked: Asked) -> Reply:
        """What the protocol says."""
        raise NotImplementedError


def error(status: int, code: str, message: str) -> Reply:
    """tastytrade's envelope of an error."""
    return Reply(status, json.dumps({"error": {"code": code, "message": message}}).encode())


class TastytradeServer(Server):
    """tastytrade's API for one login; `items` are its transactions, `totals` the text and effect of each day."""

    def __init__(self, items: Sequence[Mapping[str, Any]], totals: Mapping[str, tuple[str, str]]) -> None:
        super().__init__()
        self.items, self.totals = list(items), dict(totals)
        self.secret, self.refresh, self.number = "client-secret-0001", "refresh-token-0001", "5WX00042"
        self.numbers = [self.number]
        self.tokens: set[str] = set()
        self.issued = 0
        self.per_page = 3
        self.tells_pages = True

    def expire(self) -> None:
        """End every session."""
        self.tokens.clear()

    def answer(self, asked: Asked) -> Reply:
        agent = asked.headers.get("User-Agent", "")
        if "/" not in agent or agent.startswith("python-"):
            return error(401, "unauthorized", "User-Agent is missing")
        if asked.path == "/oauth/token":
            return self._token(asked)
        if asked.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "token_invalid", "This token is invalid or has expired")
        if asked.path == "/customers/me/accounts":
            accounts = [{"account": {"account-number": number}} for number in self.numbers]
            return Reply(200, json.dumps({"data": {"items": accounts}, "context": asked.path}).encode())
        root = f"/accounts/{self.number}/transactions"
        if asked.path == root:
            return self._page(asked)
        if asked.path == f"{root}/total-fees":
            return self._total(asked)
        return error(404, "not_found", "Couldn't find resource")

    def _token(self, asked: Asked) -> Reply:
        told = json.loads(asked.body)
        right = (told.get("client_secret"), told.get("refresh_token")) == (self.secret, self.refresh)
        if asked.method != "POST" or told.get("grant_type") != "refresh_token" or not right:
            return Reply(400, json.dumps({"error": "invalid_grant", "error_description": "Grant revoked"}).encode())
        self.issued += 1
        token = f"access-token-{self.issued:04d}"
        self.tokens.add(token)
        return Reply(200, json.dumps({"access_token": token, "token_type": "Bearer", "expires_in": 900}).encode())

    def _page(self, asked: Asked) -> Reply:
        first, last = asked.query["start-date"], asked.query["end-date"]
        found = [item for item in self.items if first <= str(item["executed-at"])[:10] <= last]
        found.sort(key=lambda item: str(item["executed-at"]), reverse=asked.query.get("sort") != "Asc")
        size = min(int(asked.query["per-page"]), self.per_page)
        start = int(asked.query["page-offset"]) * size
        page = found[start : start + size]
        reply: dict[str, Any] = {"data": {"items": page}, "api-version": "v1", "context": asked.path}
        if self.tells_pages:
            reply["pagination"] = {
                "per-page": size, "page-offset": start // size, "item-offset": start, "total-items": len(found),
                "total-pages": -(-len(found) // size), "current-item-count": len(page),
            }  # fmt: skip
        return Reply(200, json.dumps(reply, indent=1).encode())

    def _total(self, asked: Asked) -> Reply:
        amount, effect = self.totals.get(asked.query["date"], ("0.0", "None"))
        told = {"data": {"total-fees": amount, "total-fees-effect": effect}, "context": asked.path}
        return Reply(200, json.dumps(told).encode())


def flex_fail(code: int, message: str, status: str = "Fail") -> Reply:
    """The Flex service's short reply with a code."""
    body = (
        f"<FlexStatementResponse timestamp='30 November, 2026 09:00 AM EST'><Status>{status}</Status>"
        f"<ErrorCode>{code}</ErrorCode><ErrorMessage>{message}</ErrorMessage></FlexStatementResponse>"
    )
    return Reply(200, body.encode(), "text/xml")


class FlexServer(Server):
    """IBKR's Flex Web Service for one token; `reports` are its queries."""

    def __init__(self, reports: Mapping[str, bytes]) -> None:
        super().__init__()
        self.reports, self.token = dict(reports), "900000000000000000000001"
        self.references: dict[str, str] = {}
        self.collect_from: str | None = None
        """The address the reply names, if another than this server's own."""

    def answer(self, asked: Asked) -> Reply:
        if not asked.headers.get("User-Agent"):
            return Reply(403, b"User-Agent is required", "text/plain")
        if asked.query.get("v") != "3":
            return flex_fail(1001, "Statement could not be generated at this time. Please try again shortly.")
        if asked.query.get("t") != self.token:
            return flex_fail(1015, "Token is invalid.")
        if asked.path.endswith("/SendRequest"):
            return self._send(asked.query.get("q", ""))
        if asked.path.endswith("/GetStatement"):
            query = self.references.get(asked.query.get("q", ""))
            if query is None:
                return flex_fail(1017, "Reference code is invalid.")
            return Reply(200, self.reports[query], "text/xml;charset=UTF-8")
        return Reply(404, PAGE, "text/html")

    def _send(self, query: str) -> Reply:
        if query not in self.reports:
            return flex_fail(1014, "Query is invalid.")
        reference = f"70000{len(self.references):05d}"
        self.references[reference] = query
        address = self.collect_from or f"{self.address}/GetStatement"
        body = (
            "<FlexStatementResponse timestamp='30 November, 2026 09:00 AM EST'><Status>Success</Status>"
            f"<ReferenceCode>{reference}</ReferenceCode><Url>{address}</Url></FlexStatementResponse>"
        )
        return Reply(200, body.encode(), "text/xml")


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def log_message(self, format: str, *arguments: object) -> None:
            del format, arguments

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            length = int(self.headers.get("Content-Length", 0))
            asked = Asked(self.command, parts.path, query, dict(self.headers), self.rfile.read(length))
            reply = server.reply(asked)
            time.sleep(reply.silence)
            with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked may not have waited
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            self.send_header("Content-Length", str(len(reply.body) if reply.declared is None else reply.declared))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            parts = [reply.body] if not reply.drip else [bytes([byte]) for byte in reply.body]
            for part in parts:
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(reply.drip)
            self.close_connection = True

    return Handler


@contextmanager
def serving(server: S) -> Iterator[S]:
    """Run a server on a free port of 127.0.0.1 while the block lasts."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listener.daemon_threads = True
    server.address = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=lambda: listener.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now, self.slept = 1000.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now
