"""The Dagster UI in a real browser: the graph, a night launched by hand, a failing check for a broken file, a plot.

Needs Chromium and Playwright (`uv sync --group browser`); skips with that reason without them. With
UI_SCREENSHOTS naming a folder the pictures are kept there.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.serving import browsing, keep, serving, wait_for
from tests.pipelines.instances import make_instance, run

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: uv sync --group browser")
BROKEN = "Date,Amount,Remark\n2026-11-20,1.00,typed by hand\n"


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration's recordings, loaded, and a broken statement in the inbox."""
    config = make_instance(tmp_path_factory.mktemp("ui"))
    assert run(config, "nightly").returncode == 0
    (config.parent / "inbox" / "paper" / "broken.csv").write_text(BROKEN, encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def server(instance: Path) -> Iterator[str]:
    with serving(instance) as address:
        yield address


@pytest.fixture
def page(server: str) -> Iterator[Page]:
    with browsing(server) as opened:
        yield opened


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
    page.locator("tr", has_text="timeline_sp20").get_by_text("[Show Markdown]").first.click()
    picture = page.locator("img[alt='timeline of sp20']").first
    picture.wait_for()
    time.sleep(1)
    assert picture.evaluate("image => image.naturalWidth") > 600
    keep(page, "regime-timeline")


def test_the_graph_shows_every_domain(page: Page) -> None:
    page.goto("/asset-groups", wait_until="networkidle")
    for group in (
        "statements",
        "market",
        "lean",
        "reconciliation",
        "regimes",
        "calibration",
        "deployment",
        "operations",
    ):
        page.get_by_text(group, exact=True).first.wait_for()
    keep(page, "asset-graph")
