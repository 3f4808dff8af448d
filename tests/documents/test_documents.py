"""What the documents name is there: files, commands, views, decisions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pipelines.cli import EXIT_STOPPED, cli
from pipelines.commands.ingest import EXIT_REFUSED
from pipelines.errors import TomkingError
from tests.pipelines.command_line import run
from warehouse.views_loader import FOLDER as VIEWS
from warehouse.views_loader import MACROS

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "tests" / "README.md"])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")
COMMAND = re.compile(r"(?:^|[`/ ])tomking (?P<rest>(?:--config \S+ )?[a-z][^`\n]*)", re.MULTILINE)
DESCRIBED = re.compile(r"^`(?P<name>[a-z]+)|`, `(?P<more>[a-z]+)")


def commands(group: click.Command = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command with its path below `tomking`."""
    if isinstance(group, click.Group):
        for name, command in group.commands.items():
            yield (*path, name)
            yield from commands(command, (*path, name))


COMMANDS = sorted(commands())


def named_commands(text: str) -> Iterator[tuple[str, ...]]:
    """The commands that a text names in code: `tomking a b --option`, up to the first word that is no command."""
    for block in re.findall(r"```\n.*?```|`[^`\n]+`", text, re.DOTALL):
        for found in COMMAND.finditer(block):
            words = re.sub(r"--config \S+ ", "", found["rest"]).split()
            first = words[0].rstrip("`.,;:")
            second = words[1].rstrip("`.,;:") if len(words) > 1 else ""
            is_group = isinstance(cli.commands.get(first), click.Group)
            yield (first, second) if is_group and re.fullmatch("[a-z]+", second) else (first,)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    targets = [match["target"] for match in LINK.finditer(text)]
    inside = [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:", target)]
    missing = [target for target in inside if target and not (document.parent / target).exists()]
    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(document: Path) -> None:
    named = set(named_commands(document.read_text(encoding="utf-8")))
    assert named - set(COMMANDS) == set()


def test_the_documents_name_commands_at_all() -> None:
    named = {found for document in DOCUMENTS for found in named_commands(document.read_text(encoding="utf-8"))}
    assert {("ingest",), ("sql",), ("breaks", "resolve"), ("parameters", "publish"), ("doctor",)} <= named


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_each_of_its_options(command: tuple[str, ...]) -> None:
    answer = run([*command, "--help"])
    assert answer.code == 0
    assert answer.out.startswith(f"Usage: tomking {' '.join(command)}")
    found: click.Command = cli
    for name in command:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    assert found.help
    silent = [option.name for option in found.params if isinstance(option, click.Option) and not option.help]
    assert silent == []


def test_the_readme_says_what_each_command_does() -> None:
    table = (ROOT / "README.md").read_text(encoding="utf-8").split("| Command |")[1].split("\n\n")[0]
    described = {
        name for row in table.splitlines() for name in re.findall(r"`([a-z]+)(?: [A-Z…]+)?`", row.split("|")[1])
    }
    assert described == set(cli.commands)


def test_the_index_of_decisions_lists_every_file() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\((\d{4}-[^)]+\.md)\)", index)
    assert listed == sorted(path.name for path in folder.glob("[0-9]*.md"))


def test_every_decision_is_titled_as_the_index_says() -> None:
    folder = ROOT / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for name, title in re.findall(r"\]\((\d{4}-[^)]+\.md)\) \| (.+?) \|", index):
        first = (folder / name).read_text(encoding="utf-8").splitlines()[0]
        assert title in first, name


def test_the_views_of_the_tutorial_exist() -> None:
    table = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8").split("| View |")[1]
    named = set(re.findall(r"`marts\.([a-z_]+)`", table))
    assert named
    assert named <= {path.stem for folder in (VIEWS, MACROS) for path in folder.rglob("*.sql")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_view_that_is_named_exists(document: Path) -> None:
    named = set(re.findall(r"\bmarts\.([a-z_]+)\b", document.read_text(encoding="utf-8")))
    assert named - {path.stem for folder in (VIEWS, MACROS) for path in folder.rglob("*.sql")} == set()


@pytest.mark.parametrize(
    "target", sorted(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
)
def test_every_make_target_says_what_it_does(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {
        name for document in DOCUMENTS for name in re.findall(r"`make ([a-z]+)`", document.read_text(encoding="utf-8"))
    }
    assert named - targets == set()


def test_the_exit_codes_of_the_document_are_those_of_the_errors() -> None:
    table = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").split("| Code |")[1].split("\n\n")[0]
    documented = {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    family: list[type[TomkingError]] = [TomkingError, *TomkingError.__subclasses__()]
    assert documented == {0, EXIT_REFUSED, EXIT_STOPPED, *(error.exit_code for error in family)}
