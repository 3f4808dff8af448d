"""Deployments in a real browser: approve, deploy, refresh, roll back and stop from the launchpad."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.serving import browsing, keep, serving, wait_for
from tests.deployment.instances import Instance, make_instance
from tests.deployment.test_native_engine import PAPER, QUEUE

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: uv sync --group browser")


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = make_instance(tmp_path, PAPER, QUEUE)
    made.warehouse.publish()
    return made


@pytest.fixture
def page(instance: Instance) -> Iterator[Page]:
    with serving(instance.config) as address, browsing(address) as opened:
        yield opened


def launch(page: Page, job: str, step: str, picture: str | None = None, **told: str) -> None:
    """Type the run configuration of a job into the launchpad, launch it, wait until it succeeded."""
    lines = "".join(f"      {name}: {value!r}\n" for name, value in told.items())
    page.goto(f"/locations/pipelines.definitions/jobs/{job}/playground", wait_until="networkidle")
    editor = page.locator(".CodeMirror").first
    editor.wait_for()
    editor.evaluate("(element, text) => element.CodeMirror.setValue(text)", f"ops:\n  {step}:\n    config:\n{lines}")
    time.sleep(2)
    if picture is not None:
        keep(page, picture)
    page.get_by_role("button", name="Launch run").click()
    page.wait_for_url("**/runs/*")

    def finished() -> bool:
        shown = page.inner_text("body")
        assert "Failure" not in shown, f"{job} failed"
        return "Success" in shown

    wait_for(finished, f"{job} to succeed")


def ask(instance: Instance, sql: str) -> list[tuple[Any, ...]]:
    with instance.warehouse.reader() as connection:
        return connection.execute(sql).fetchall()


def test_a_set_is_deployed_refreshed_and_taken_back_from_the_launchpad(page: Page, instance: Instance) -> None:
    first = instance.propose("paper", "2019-12-02")
    launch(page, "approve", "approve_set", parameter_set=first.id, by="ann", why="enough data")
    launch(page, "deploy", "start_lean", "deploy-launchpad", deployment="paper", by="ann", why="first week")
    second = instance.propose("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    launch(page, "approve", "approve_set", parameter_set=second.id, by="ann", why="better")
    launch(page, "refresh_deployment", "refresh_lean", deployment="paper", by="ann", why="calibrated")
    launch(page, "rollback", "take_set_back", deployment="paper", by="ann", why="second thoughts")
    launch(page, "stop_deployment", "stop_lean", deployment="paper", by="ann", why="weekend")
    page.goto("/runs", wait_until="networkidle")
    keep(page, "deployment-runs")
    [row] = ask(instance, "select state, refresh_state, disagreements, applied_sha256 from marts.launches")
    assert row == ("stopped", "refresh_acknowledged", 0, first.sha256)


def test_a_set_that_broke_a_limit_is_taken_back_by_the_sensors_and_shown_with_its_figure(
    page: Page, instance: Instance
) -> None:
    first = instance.publish("paper")
    launch(page, "deploy", "start_lean", deployment="paper", by="ann", why="first week")
    second = instance.approve("paper", "2019-12-09", {"strangle.target_share": "0.45"})
    launch(page, "refresh_deployment", "refresh_lean", deployment="paper", by="ann", why="calibrated")
    instance.behave(equity=[250_000, 251_000, 218_000])

    # Nobody does anything: one sensor sees the run's files change, another the limit that is broken.
    wait_for(lambda: is_over(instance), "the rollback to be acknowledged", seconds=600)
    [row] = ask(instance, "select rule_id, action, actor, to_set from marts.breaches")
    assert row == ("drawdown", "rolled_back", "rule", first.id)
    assert ask(instance, f"select state from marts.parameter_sets where sha256 = '{second.sha256}'") == [
        ("rolled_back",)
    ]
    page.goto("/assets/breaches", wait_until="networkidle")
    wait_for(lambda: "drawdown" in page.inner_text("body"), "the tables of the asset")
    page.get_by_text("rolled_back", exact=True).scroll_into_view_if_needed()
    keep(page, "breach-rolled-back")
    launch(page, "stop_deployment", "stop_lean", deployment="paper", by="ann", why="weekend")


def is_over(instance: Instance) -> bool:
    return bool(ask(instance, "select 1 from marts.breaches where acknowledged_at is not null"))
