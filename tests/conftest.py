"""What every test stands on: a clean environment, a warehouse of its own, one hypothesis profile.

Holds: fixtures that tests of several packages use.
Belongs here: isolation.
Never here: data of one domain (those stand beside its tests).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.pipelines.instances import shared_demonstration
from warehouse import build_derived, migrate
from warehouse.access import Warehouse, WriteSession
from warehouse.connections import open_for_writing

settings.register_profile(
    "tomking",
    deadline=None,  # a shared machine's pauses are no failures
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile("quick", parent=settings.get_profile("tomking"), max_examples=25)  # `make fast`
settings.register_profile("thorough", parent=settings.get_profile("tomking"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tomking"))

INTEGRATION = ("connections", "deployment", "pairs", "pipelines", "steps")
"""Folders whose tests go through steps, commands, jobs or other processes: a second each, and there are many."""

_OURS = ("TOMKING_", "DAGSTER_", "LEAN_", "QC_")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies in the folders of integration tests, so that nobody has to think of it."""
    tests = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(tests) and item.path.relative_to(tests).parts[0] in INTEGRATION:
            item.add_marker(pytest.mark.integration)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test sees the settings, the home folder or the Dagster instance of whoever runs it."""
    for name in list(os.environ):
        if name.startswith(_OURS):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.getbasetemp() / "home"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture(scope="session")
def warehouse_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with an empty, current warehouse, made once per test process; copy it, never write to it."""
    state_dir = tmp_path_factory.mktemp("warehouse-template")
    warehouse = Warehouse(state_dir)
    migrate.create_from_models(warehouse.path)
    connection = open_for_writing(warehouse.path)
    session = WriteSession(connection, path=warehouse.path, raw=warehouse.raw)
    # A broken view fails its own test (tests/warehouse), not every test of everything else.
    build_derived.ensure(session, strict=False)
    session.close()
    warehouse.publish()
    return state_dir


@pytest.fixture
def warehouse(warehouse_template: Path, tmp_path: Path) -> Warehouse:
    """A fresh, empty, current warehouse in a folder of its own (`tmp_path / "state"`)."""
    state_dir = tmp_path / "state"
    shutil.copytree(warehouse_template, state_dir)
    return Warehouse(state_dir)


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of the demonstration, made once per run of the tests; read it, never write to it."""
    base = tmp_path_factory.getbasetemp()
    everyone = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return shared_demonstration(everyone / "demonstration")


@pytest.fixture
def own_demonstration(demonstration: Path, tmp_path: Path) -> Iterator[Path]:
    """The configuration of a copy of the demonstration that the test may change."""
    copy = tmp_path / "instance"
    shutil.copytree(demonstration.parent, copy)
    yield copy / demonstration.name
    shutil.rmtree(copy)
