"""What users and the algorithm count on keeps its shape: views, parameter documents, journal lines, keys, tags.

A failure here means a change that somebody's notebook, dashboard or running algorithm would notice. More columns, more
kinds of lines and more optional fields may come; what stands here stays, or the next version is a major one.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.config import load_settings
from tests.documents import contract_samples
from tests.documents.contract_samples import SAMPLES, WRITERS
from tomking.kernel import contracts
from tomking.kernel.parameters import History, HistoryEntry, dump, parse, parse_history
from warehouse.access import Warehouse
from warehouse.views_loader import FOLDER, MACROS

VIEWS: dict[str, dict[str, str]] = tomllib.loads(
    Path(__file__).with_name("stable_views.toml").read_text(encoding="utf-8")
)
"""The columns of views and functions by name, in their order, with their types."""

TUTORIAL = Path(__file__).resolve().parents[2] / "docs" / "tutorial.md"
RELEASES = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())


# --- views --------------------------------------------------------------------------------------------------------


def file_of(view: str) -> Path:
    """The file of a view, or of a function that compares two runs."""
    [found] = [path for folder in (FOLDER, MACROS) for path in folder.rglob(f"{view}.sql")]
    return found


def test_the_tutorial_lists_exactly_what_keeps_its_columns() -> None:
    table = TUTORIAL.read_text(encoding="utf-8").split("## What the views are")[1]
    assert set(re.findall(r"`marts\.([a-z_]+)", table)) == set(VIEWS)


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_a_view_keeps_its_columns_their_types_and_their_order(view: str, warehouse: Warehouse) -> None:
    with warehouse.reader() as connection:
        relation = view if file_of(view).is_relative_to(FOLDER) else f"{view}('', '')"
        described = connection.execute(f"describe from marts.{relation}").fetchall()
    found = [(row[0], row[1]) for row in described]
    kept = [column for column in found if column[0] in VIEWS[view]]
    assert kept == list(VIEWS[view].items())


@pytest.mark.parametrize(("view", "columns"), sorted(VIEWS.items()))
def test_every_column_is_explained_at_the_head_of_its_view(view: str, columns: dict[str, str]) -> None:
    text = file_of(view).read_text(encoding="utf-8")
    head = " ".join(line for line in text.splitlines() if line.startswith("--"))
    assert [column for column in columns if not re.search(rf"\b{column}\b", head)] == []


# --- parameter documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_a_parameter_set_that_a_release_wrote_is_still_read_and_means_the_same(release: str) -> None:
    document = (SAMPLES / release / "parameters.json").read_bytes()
    found = parse(document, deployment="main")
    fields = json.loads(document)
    assert found.id == fields["id"]
    assert dict(found.values) == fields["values"]
    assert (found.effective_from, found.data_through) == (
        contract_samples.EFFECTIVE_FROM,
        contract_samples.DATA_THROUGH,
    )
    again = dump(
        found.values,
        effective_from=found.effective_from,
        data_through=found.data_through,
        code_version=found.code_version,
        evidence=found.evidence,
        deployment=found.deployment,
    )
    assert again == document


def test_a_parameter_set_has_these_fields_and_no_others() -> None:
    fields = json.loads(contract_samples.parameters())
    assert {name: type(value).__name__ for name, value in fields.items()} == {
        "schema": "int",
        "id": "str",
        "values": "dict",
        "effective_from": "str",
        "data_through": "str",
        "code_version": "str",
        "evidence": "dict",
        "deployment": "str",
    }
    assert fields["schema"] == 1
    assert all(isinstance(value, str) for value in fields["values"].values())


@pytest.mark.parametrize("release", RELEASES)
def test_a_history_that_a_release_wrote_is_still_read(release: str) -> None:
    document = (SAMPLES / release / "history.json").read_bytes()
    found = parse_history(document)
    listed = json.loads(document)["sets"]
    assert [set(entry) for entry in listed] == [{"id", "sha256", "effective_from"}] * 2
    assert found == History(
        tuple(
            HistoryEntry(entry["id"], entry["sha256"], one.effective_from)
            for entry, one in zip(listed, found.entries, strict=True)
        )
    )
    assert [one.effective_from.isoformat() for one in found.entries] == [entry["effective_from"] for entry in listed]


# --- journal ------------------------------------------------------------------------------------------------------


def lines_of(release: str) -> Iterator[dict[str, object]]:
    for line in (SAMPLES / release / "journal.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@pytest.mark.parametrize("release", RELEASES)
def test_every_line_that_a_release_wrote_is_still_a_good_one(release: str) -> None:
    entries = list(lines_of(release))
    assert entries
    for entry in entries:
        contracts.validate_entry(entry)
        assert {"schema", "seq", "kind", "time"} <= set(entry)


@pytest.mark.parametrize("release", RELEASES)
def test_no_kind_of_line_and_no_field_of_one_is_forgotten(release: str) -> None:
    for entry in lines_of(release):
        kind = contracts.KINDS[str(entry["kind"])]
        known = {*kind.required, *kind.optional, "schema", "seq", "kind", "time"}
        assert set(entry) - known == set(), entry["kind"]


@pytest.mark.parametrize("release", RELEASES)
def test_a_newer_release_demands_no_more_of_a_line(release: str) -> None:
    for entry in lines_of(release):
        assert set(contracts.KINDS[str(entry["kind"])].required) <= set(entry), entry["kind"]


def test_the_newest_samples_show_every_kind_of_line_and_document() -> None:
    newest = SAMPLES / RELEASES[-1]
    assert {path.name for path in newest.iterdir()} == set(WRITERS)
    shown = {str(entry["kind"]) for entry in lines_of(newest.name)}
    assert shown == set(contracts.KINDS), (
        "write samples for the next release: python -m tests.documents.contract_samples"
    )


# --- names --------------------------------------------------------------------------------------------------------


def test_documents_lie_under_these_keys_of_the_object_store() -> None:
    assert contracts.prefix("main") == "tomking/main"
    assert contracts.parameter_key("main", "ps-2019-12-02-1a2b3c4d") == (
        "tomking/main/parameters/ps-2019-12-02-1a2b3c4d.json"
    )
    assert contracts.history_key("main") == "tomking/main/parameters/history.json"
    assert contracts.current_key("main") == "tomking/main/parameters/current.json"
    assert contracts.journal_key("main", "TomKing-20191202143000", 7) == (
        "tomking/main/journal/TomKing-20191202143000/7.jsonl"
    )
    assert contracts.state_key("main") == "tomking/main/state/book.json"


def test_order_tags_and_the_names_of_runtime_statistics_stay() -> None:
    assert contracts.make_tag("strangle", "strangle-20191210-1", "open") == "tk1|strangle|strangle-20191210-1|open"
    assert contracts.RUNTIME_STATISTICS == ("Journal", "Parameter set", "Parameter set sha256")


# --- what the loop really leaves ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_demonstration_publishes_and_journals_by_the_contract(demonstration: Path) -> None:
    store = load_settings(demonstration).object_store
    current = (store / contracts.current_key("demo")).read_bytes()
    found = parse(current, deployment="demo")
    assert (store / contracts.parameter_key("demo", found.id)).read_bytes() == current
    history = parse_history((store / contracts.history_key("demo")).read_bytes())
    assert [(entry.id, entry.sha256) for entry in history.entries] == [(found.id, found.sha256)]
    segments = list((store / "tomking" / "demo" / "journal").glob("*/*.jsonl"))
    assert segments
    for segment in segments:
        for line in segment.read_text(encoding="utf-8").splitlines():
            contracts.validate_entry(json.loads(line))
