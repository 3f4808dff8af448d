"""The Dagster UI in a real browser: the graph, a night launched by hand, a failing check for a broken file, a plot.

Needs Chromium and Playwright (`uv sync --group browser`); skips with that reason without them. With
UI_SCREENSHOTS naming a folder the pictures are kept there.
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
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.pipelines.instances import ROOT, environment, make_instance, run, tomking

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: uv sync --group browser")
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
BROKEN = "Date,Amount,Remark\n2026-11-20,1.00,typed by hand\n"
SECONDS = 120


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's recordings, loaded, and a broken statement in the inbox."""
    config = make_instance(tmp_path_factory.mktemp("ui"))
    assert run(config, "nightly").returncode == 0
    (config.parent / "inbox" / "paper" / "broken.csv").write_text(BROKEN, encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def server(instance: Path) -> Iterator[str]:
    """The UI of that instance on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (instance.parent / "ui.log").open("w", encoding="utf-8")
    process = subprocess.Popen(
        tomking(instance, "ui", "--port", str(port)),
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
        log.close()


@pytest.fixture
def page(server: str) -> Iterator[Page]:
    """A page of a fresh browser."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        opened = browser.new_page(viewport={"width": 1600, "height": 950}, base_url=server)
        yield opened
        browser.close()


def test_a_night_launched_by_hand_ends_green_and_the_broken_file_shows_on_its_check(page: Page) -> None:
    page.goto("/locations/pipelines.definitions/jobs/nightly", wait_until="networkidle")
    page.get_by_text("Materialize all").first.click()
    page.get_by_role("button", name="Latest", exact=True).click()
    page.get_by_role("button", name="Launch 1 run").click()
    page.get_by_text("Launched run").first.wait_for()

    def finished() -> bool:
        page.goto("/runs?q[0]=job:nightly", wait_until="networkidle")
        time.sleep(2)
        shown = page.inner_text("body")
        assert "Failure" not in shown
        return "Success" in shown

    wait_for(finished, "the nightly run to succeed")
    keep(page, "nightly-run")

    page.goto("/assets/statements?view=checks", wait_until="networkidle")
    page.get_by_text("statements_refused").first.click()
    page.get_by_text("Failed").first.wait_for()
    keep(page, "failing-check")
    page.get_by_text("[Show Markdown]").first.click()
    page.get_by_text("broken.csv").first.wait_for()


def test_the_regimes_have_a_picture(page: Page) -> None:
    page.goto("/assets/regimes", wait_until="networkidle")
    page.get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[alt='regimes of sp20']").first
    picture.wait_for()
    time.sleep(1)
    assert picture.evaluate("image => image.naturalWidth") > 600
    keep(page, "regime-timeline")


def test_the_graph_shows_every_domain(page: Page) -> None:
    page.goto("/asset-groups", wait_until="networkidle")
    for group in ("statements", "market", "lean", "reconciliation", "regimes", "calibration", "operations"):
        page.get_by_text(group, exact=True).first.wait_for()
    keep(page, "asset-graph")


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page where the environment asks for it."""
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


def wait_for(condition: object, what: str) -> None:
    """Wait until a condition holds; fail with what was waited for."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(1)
    pytest.fail(f"waited {SECONDS} s in vain for {what}")
