"""A container engine for LEAN's command line: the HTTP interface it speaks, and `docker exec`.

Holds: a server on 127.0.0.1 that keeps images, networks and containers in memory; a container of LEAN's image is a
process of `fake_engine` with the container's paths turned into those of this machine.
Belongs here: what the command line asks of a container engine.
Never here: LEAN's command line (the real one runs against this).
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.shared import ROOT

IMAGE = "quantconnect/lean:latest"
_VERSION = re.compile(r"^/v[0-9.]+")
_LABELS = {"lean_version": "17000", "python_version": "3.11", "strict_python_version": "3.11.11"}
_OPTIMIZER = "/Lean/Optimizer.Launcher/bin/Debug/config.json"
_CONFIGURATION = "/Lean/Launcher/bin/Debug/config.json"


@dataclass
class Container:
    """A container: what it was made of, the folder its process works in, the process once it was started."""

    container_id: str
    name: str
    folder: Path
    mounts: dict[str, Path]
    process: subprocess.Popen[bytes] | None = None
    never_starts: bool = False

    @property
    def state(self) -> tuple[str, int]:
        """Status and exit code as the engine reports them."""
        if self.process is None:
            return ("exited", 125) if self.never_starts else ("created", 0)
        code = self.process.poll()
        return ("running", 0) if code is None else ("exited", code if code >= 0 else 128 - code)

    def start(self, behaviour: dict[str, Any]) -> None:
        """Start the engine: its configuration with the container's paths turned into ours."""
        (self.folder / "QuantConnect.Lean.Launcher.dll").touch()
        (self.folder / "behaviour.json").write_text(json.dumps(behaviour))
        text = self.mounts[_CONFIGURATION].read_text(encoding="utf-8")
        configuration = self._ours(json.loads(text))
        (self.folder / "config.json").write_text(json.dumps(configuration))
        with (self.folder / "output.txt").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(ROOT / "tests/deployment/fake_engine.py"), "QuantConnect.Lean.Launcher.dll",
                 "--config", str(self.folder / "config.json")],
                cwd=self.folder,
                env={"PYTHONPATH": f"{ROOT}:{ROOT / 'algorithm'}", "PATH": "/usr/bin:/bin", "HOME": str(self.folder)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )  # fmt: skip

    def play(self, recording: Path | None) -> None:
        """Leave what a recorded optimizer left."""
        assert recording is not None
        [folder] = [one for one in recording.iterdir() if one.is_dir()]
        shutil.copytree(folder, self.mounts["/Results"], dirs_exist_ok=True)
        (self.folder / "output.txt").touch()
        self.process = subprocess.Popen(["true"])

    def _ours(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._ours(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._ours(inner) for inner in value]
        if isinstance(value, str) and value.startswith("/"):
            for target, source in self.mounts.items():
                if value == target or value.startswith(f"{target}/"):
                    return str(source) + value[len(target) :]
        return value

    def description(self) -> dict[str, Any]:
        """What `inspect` answers."""
        status, code = self.state
        return {
            "Id": self.container_id,
            "Name": f"/{self.name}",
            "Image": "sha256:lean",
            "State": {"Status": status, "Running": status == "running", "ExitCode": code},
            "Config": {"Image": IMAGE, "Labels": _LABELS, "Tty": False},
            "NetworkSettings": {"Ports": {}},
        }


class ContainerEngine:
    """The server; `behaviour` is handed to every engine that is started, `refuses_to_start` fails the start itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.behaviour: dict[str, Any] = {}
        self.refuses_to_start = False
        self.recording: Path | None = None
        """What the optimizer leaves: a container of it plays this folder back."""
        self.containers: dict[str, Container] = {}
        self.created: list[dict[str, Any]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> ContainerEngine:
        self.folder.mkdir(parents=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for container in self.containers.values():
            if container.process is not None and container.process.poll() is None:
                container.process.kill()
                container.process.wait()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def address(self) -> str:
        """The value of DOCKER_HOST."""
        return f"tcp://127.0.0.1:{self._server.server_address[1]}"

    def executable(self, folder: Path) -> Path:
        """A `docker` that knows `exec NAME bash -c COMMAND`, by which commands reach a live container."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "docker"
        path.write_text(f'#!/bin/sh\n[ "$1" = exec ] || exit 1\ncd "{self.folder}/$2" || exit 1\nshift 2\nexec "$@"\n')
        path.chmod(0o755)
        return path

    # --- what is asked -----------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        """Status and document of one request."""
        route = (method, path.rpartition("/")[2] if path.startswith(("/containers/", "/images/")) else path)
        match route:
            case ("GET" | "HEAD", "/_ping"):
                return 200, "OK"
            case ("GET", "/version"):
                return 200, {
                    "ApiVersion": "1.43",
                    "MinAPIVersion": "1.24",
                    "Version": "24.0",
                    "Os": "linux",
                    "Arch": "amd64",
                }
            case ("GET", "json") if path == "/images/json":
                return 200, [{"Id": "sha256:lean", "RepoTags": [IMAGE], "Labels": _LABELS}]
            case ("GET", "json") if path.startswith("/images/"):
                return 200, {"Id": "sha256:lean", "RepoTags": [IMAGE], "RepoDigests": [], "Config": {"Labels": _LABELS}}
            case ("GET", "/networks"):
                return 200, []
            case ("POST", "/networks/create"):
                return 201, {"Id": "lean_cli"}
            case ("GET", "/networks/lean_cli"):
                return 200, {"Id": "lean_cli", "Name": "lean_cli"}
            case ("GET", "json") if path == "/containers/json":
                return 200, [
                    {"Id": one.container_id, "Names": [f"/{one.name}"], "State": one.state[0]}
                    for one in self.containers.values()
                ]
            case ("POST", "create"):
                return self._create(query["name"][0], body)
            case _:
                return self._container(method, path)

    def _create(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        self.created.append(body)
        found = secrets.token_hex(32)
        folder = self.folder / name
        folder.mkdir()
        host = body["HostConfig"]
        mounts = {mount["Target"]: Path(mount["Source"]) for mount in host.get("Mounts") or []}
        for bind in host.get("Binds") or []:
            source, target, _ = bind.split(":")
            mounts[target] = Path(source)
        self.containers[found] = Container(found, name, folder, mounts)
        return 201, {"Id": found, "Warnings": []}

    def _container(self, method: str, path: str) -> tuple[int, Any]:
        parts = path.strip("/").split("/")
        container = self._named(parts[1]) if parts[0] == "containers" and len(parts) > 1 else None
        if container is None:
            return 404, {"message": f"no answer to {method} {path}"}
        match (method, parts[2] if len(parts) > 2 else ""):
            case ("POST", "start"):
                if self.refuses_to_start:
                    container.never_starts = True
                    return 500, {"message": "OCI runtime create failed: no space left on device"}
                if _OPTIMIZER in container.mounts:
                    container.play(self.recording)
                else:
                    container.start(self.behaviour)
                return 204, None
            case ("GET", "json"):
                return 200, container.description()
            case ("POST", "wait"):
                if container.process is not None:
                    container.process.wait()
                return 200, {"StatusCode": container.state[1]}
            case ("DELETE", ""):
                del self.containers[container.container_id]
                return 204, None
            case ("GET", "logs"):
                if container.process is not None:
                    container.process.wait()
                return 200, (container.folder / "output.txt").read_bytes()
            case _:
                return 404, {"message": f"no answer to {method} {path}"}

    def _named(self, text: str) -> Container | None:
        return next((one for one in self.containers.values() if text in (one.container_id, one.name)), None)


def _handler(engine: ContainerEngine) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(length) or b"{}") if length else {}
            parts = urlsplit(self.path)
            status, document = engine.answer(
                self.command,
                _VERSION.sub("", parts.path),
                parse_qs(parts.query),
                body if isinstance(body, dict) else {},
            )
            if isinstance(document, bytes):
                # Output without a terminal comes in frames: stream 1, three zeros, length.
                data = b"\x01\0\0\0" + len(document).to_bytes(4, "big") + document if document else b""
                kind = "application/vnd.docker.raw-stream"
            elif isinstance(document, str):
                data, kind = document.encode(), "text/plain"
            else:
                data, kind = (b"" if document is None else json.dumps(document).encode()), "application/json"
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_POST = do_DELETE = do_HEAD = _serve

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is printed."""

    return Handler
