"""QuantConnect's API as far as `lean cloud` asks: projects, files, compiles, backtests, live runs, the object store.

Holds: a server on 127.0.0.1 that keeps all of it in memory.
Belongs here: answers in the form the real command line accepts.
Never here: the command line.
"""

from __future__ import annotations

import json
import threading
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

_WHEN = "2026-11-30 12:00:00"
_NODE = {
    "id": "LN-1", "name": "L-MICRO node", "projectName": "", "description": "", "usedBy": "", "sku": "L-MICRO",
    "busy": False, "price": {"monthly": 0, "yearly": 0}, "speed": 2.4, "cpu": 1, "ram": 0.5, "assets": 20,
}  # fmt: skip


class CloudApi:
    """The server; `fails` names endpoints that answer with an error, `requests` is what was asked, in order."""

    def __init__(self) -> None:
        self.fails: dict[str, str] = {}
        self.backtest_error: str | None = None
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.projects: dict[int, dict[str, Any]] = {}
        self.objects: dict[str, bytes] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> CloudApi:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The base of every endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/api/v2/"

    def asked(self, endpoint: str) -> list[dict[str, Any]]:
        """What was sent to one endpoint."""
        return [sent for name, sent in self.requests if name == endpoint]

    def answer(self, endpoint: str, sent: dict[str, Any]) -> dict[str, Any]:
        """The document of one request."""
        self.requests.append((endpoint, sent))
        if endpoint in self.fails:
            return {"success": False, "errors": [self.fails[endpoint]]}
        return {"success": True, **self._found(endpoint, sent)}

    def _found(self, endpoint: str, sent: dict[str, Any]) -> dict[str, Any]:
        match endpoint:
            case "projects/create":
                return {"projects": [self._create(str(sent["name"]))]}
            case "projects/read":
                wanted = sent.get("projectId")
                found = self.projects.values() if wanted is None else [self.projects[int(str(wanted))]]
                return {"projects": list(found), "versions": []}
            case "projects/update" | "files/update" | "files/create" | "live/update/stop" | "live/commands/create":
                return {}
            case "compile/create" | "compile/read":
                return {"compileId": "c-1", "state": "BuildSuccess", "logs": ["Build succeeded"]}
            case "backtests/create" | "backtests/read":
                return {"backtest": self._backtest(sent)}
            case "nodes/read":
                return {"backtest": [], "research": [], "live": [_NODE]}
            case "live/create":
                return {"projectId": sent["projectId"], "deployId": "L-1", "status": "Running"}
            case "live/read":
                return {"status": "Undefined"}
            case "object/set":
                self.objects[str(sent["key"])] = sent["objectData"]
                return {}
            case _:
                raise KeyError(endpoint)

    def _create(self, name: str) -> dict[str, Any]:
        number = 1000 + len(self.projects)
        self.projects[number] = {
            "projectId": number, "organizationId": "abc", "name": name, "description": "", "modified": _WHEN,
            "created": _WHEN, "language": "Py", "collaborators": [], "leanVersionId": 17000, "leanPinnedToMaster": True,
            "leanEnvironment": 1, "parameters": [], "libraries": [],
        }  # fmt: skip
        return self.projects[number]

    def _backtest(self, sent: dict[str, Any]) -> dict[str, Any]:
        return {
            "backtestId": "b-1", "projectId": sent.get("projectId", 1000), "status": "Completed.", "name": "n",
            "created": _WHEN, "completed": True, "progress": 1, "error": self.backtest_error,
            "runtimeStatistics": {"Equity": "$1"}, "statistics": {"Total Orders": "0"},
        }  # fmt: skip


def _handler(api: CloudApi) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            sent: dict[str, Any] = {name: values[0] for name, values in parse_qs(parts.query).items()}
            sent |= _fields(self.headers.get("Content-Type") or "", body)
            data = json.dumps(api.answer(parts.path.removeprefix("/api/v2/"), sent)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    return Handler


def _fields(kind: str, body: bytes) -> dict[str, Any]:
    if kind.startswith("application/json"):
        found: dict[str, Any] = json.loads(body or b"{}")
        return found
    if kind.startswith("multipart/"):
        message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {str(part.get_param("name", header="content-disposition")): part for part in message.iter_parts()}
        return {
            name: part.get_payload(decode=True) if part.get_filename() else str(part.get_content()).strip()
            for name, part in parts.items()
        }
    return {name: values[0] for name, values in parse_qs(body.decode()).items()}
