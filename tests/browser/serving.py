"""The Dagster UI of an instance, and a browser in front of it.

Holds: starting the server on a free port, opening a page, waiting, keeping pictures.
Belongs here: what every test in a browser needs.
Never here: tests.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipelines.instances import ROOT, environment, tomking

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SECONDS = 120


@contextmanager
def serving(config: Path) -> Iterator[str]:
    """The UI of an instance on a free port of this machine; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with (config.parent / "ui.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            tomking(config, "ui", "--port", str(port)),
            cwd=ROOT,
            env=environment(),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: answers(f"{address}/server_info"), "the UI to answer")
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=60)


@contextmanager
def browsing(address: str) -> Iterator[Page]:
    """A page of a fresh browser; the test is skipped without Playwright or Chromium."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="Playwright is not installed: uv sync --group browser"
    )
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield browser.new_page(viewport={"width": 1600, "height": 950}, base_url=address)
        browser.close()


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where UI_SCREENSHOTS names a folder."""
    if folder := os.environ.get("UI_SCREENSHOTS"):
        time.sleep(2)
        page.screenshot(path=Path(folder) / f"{name}.png")


def answers(address: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = SECONDS) -> None:
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(1)
    pytest.fail(f"waited {seconds} s in vain for {what}")
