"""Runs on the command line: listed, found by id, name or folder, compared, their log and their source read back."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.pipelines.command_line import Answer, run, tomking
from tests.run_copies import RECORDINGS, copies

CODE = {"main.py": "class Strategy:\n    target = 0.5\n", "rules/exits.py": "DTE = 21\n"}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance with a failed run, a combo twice with other code and parameters, and two runs of one name."""
    folder = tmp_path_factory.mktemp("runs")
    assert run(["init", str(folder / "instance"), "--yes"]).code == 0
    made = folder / "instance" / "tomking.toml"
    shutil.copytree(RECORDINGS / "boom", folder / "runs" / "boom")
    first, second, third = copies(folder / "runs", 3, of=("combo",))
    with_code(first, CODE)
    with_code(second, {"main.py": CODE["main.py"].replace("0.5", "0.65"), "new.py": "NEW = True\n"})
    with_parameters(first, {"target": "0.5", "exit_dte": "21"})
    with_parameters(second, {"target": "0.65", "exit_dte": "21"})
    shutil.copytree(third, folder / "elsewhere" / "run-00000")
    shutil.rmtree(third)
    assert tomking(made, "ingest", folder / "runs", folder / "elsewhere").code == 0
    return made


def with_code(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def with_parameters(folder: Path, parameters: dict[str, str]) -> None:
    [main] = [path for path in folder.glob("1*.json") if "-" not in path.name]
    document = json.loads(main.read_bytes())
    document["algorithmConfiguration"]["parameters"] = parameters
    main.write_text(json.dumps(document), encoding="utf-8")


def is_message(answer: Answer, *parts: str) -> bool:
    return "Traceback" not in answer.err and all(part in answer.err for part in parts)


# --- the list -----------------------------------------------------------------------------------------------------


def test_runs_are_listed_newest_first_and_by_state(config: Path) -> None:
    listed = tomking(config, "runs", "--json").document
    assert len(listed) == 4
    starts = [one["started_at"] for one in listed]
    assert starts == sorted(starts, reverse=True)
    [failed] = tomking(config, "runs", "--state", "runtime_error", "--json").document
    assert failed["name"] == "boom"
    assert tomking(config, "runs", "--limit", "2").out.startswith("4 runs, the newest 2")


def test_failed_runs_are_listed_with_the_first_line_of_their_error(config: Path) -> None:
    [failed] = tomking(config, "runs", "--failed", "--json").document
    assert failed["error_location"] == "boom.py:line 12"
    assert failed["what"].endswith("data feed returned None for 'SPY'")


def test_one_run_is_shown_with_its_failure_its_drawdown_and_its_statistics(config: Path) -> None:
    shown = tomking(config, "runs", "boom", "--json").document
    assert shown["failure"]["error_location"] == "boom.py:line 12"
    assert shown["drawdown"]["drawdown_share"] < 0
    assert shown["statistics"]["Total Orders"] == "1"
    assert "boom.py:line 12" in tomking(config, "runs", "boom").out
    assert tomking(config, "runs", "boom", "--failed").code == 2


# --- naming a run -------------------------------------------------------------------------------------------------


def test_a_run_is_named_by_id_by_name_or_by_folder(config: Path) -> None:
    [failed] = tomking(config, "runs", "--failed", "--json").document
    folder = config.parent.parent / "runs" / "boom"
    for reference in (failed["run_id"], failed["run_id"][:6], failed["run_id"][:6].upper(), "boom", str(folder)):
        assert tomking(config, "runs", reference, "--json").document["run_id"] == failed["run_id"]


def test_a_name_of_two_runs_is_refused_with_their_ids(config: Path) -> None:
    answer = tomking(config, "log", "run-00000")
    assert answer.code == 4
    ids = [one["run_id"] for one in tomking(config, "runs", "--json").document if one["name"] == "run-00000"]
    assert len(ids) == 2
    assert is_message(answer, "2 runs", *(run_id[:12] for run_id in ids), "characters of its id")


@pytest.mark.parametrize("command", [["runs"], ["log"], ["code"], ["compare", "boom"]])
def test_a_run_that_is_not_there_is_said_with_the_command_that_lists_them(config: Path, command: list[str]) -> None:
    answer = tomking(config, *command, "nothing")
    assert answer.code == 3
    assert is_message(answer, "nothing", "`tomking runs`")


# --- log and source -----------------------------------------------------------------------------------------------


def test_messages_are_searched_without_regard_to_capitals(config: Path) -> None:
    [found] = tomking(config, "log", "boom", "--search", "QUOTED", "--source", "algorithm", "--json").document
    assert "“quoted”" in found["message"]
    assert tomking(config, "log", "boom", "--search", "QUOTED", "--source", "algorithm").out.startswith(
        found["stamp_text"]
    )


def test_messages_of_one_level_are_shown_and_the_last_where_there_are_many(config: Path) -> None:
    errors = tomking(config, "log", "boom", "--level", "error", "--source", "engine", "--json").document
    assert errors
    assert {message["level"] for message in errors} == {"ERROR"}
    everything = tomking(config, "log", "boom", "--json").document
    assert tomking(config, "log", "boom", "--limit", "2", "--json").document == everything[-2:]


def test_the_source_of_a_run_is_read_back_as_it_was(config: Path) -> None:
    first = named(config, "run-00000", code=True)
    assert {row["path"] for row in tomking(config, "code", first, "--json").document} == set(CODE)
    for path, text in CODE.items():
        assert tomking(config, "code", first, path).out == text
        assert tomking(config, "code", first, path, "--json").document["source"] == text


def test_a_file_that_the_run_does_not_have_is_refused_with_those_it_has(config: Path) -> None:
    first = named(config, "run-00000", code=True)
    assert is_message(tomking(config, "code", first, "none.py"), "main.py, rules/exits.py")
    assert is_message(tomking(config, "code", "boom", "main.py"), "LEAN kept no code")


# --- run against run ----------------------------------------------------------------------------------------------


def named(config: Path, name: str, *, code: bool) -> str:
    listed = tomking(config, "runs", "--json").document
    [found] = [one["run_id"] for one in listed if one["name"] == name and (one["code_hash"] is not None) == code]
    return str(found)


def test_two_runs_are_compared_by_parameters_code_statistics_equity_and_trades(config: Path) -> None:
    first, second = named(config, "run-00000", code=True), named(config, "run-00001", code=True)
    found = tomking(config, "compare", first, second, "--json").document
    assert {row["parameter"]: (row["value_a"], row["value_b"]) for row in found["parameters"]} == {
        "target": ("0.5", "0.65"),
        "exit_dte": ("21", "21"),
    }
    assert {row["path"]: row["change"] for row in found["code"]} == {
        "main.py": "changed",
        "new.py": "added",
        "rules/exits.py": "removed",
    }
    assert "-    target = 0.5" in found["code_diff"]
    assert "+    target = 0.65" in found["code_diff"]
    assert "+++ b/new.py" in found["code_diff"]
    assert "+++ /dev/null" in found["code_diff"]
    assert {row["matched"] for row in found["trades"]} == {"same_contracts"}
    assert {row["difference"] for row in found["equity"]} == {"0"}


def test_the_page_shows_what_differs_and_says_so_where_nothing_does(config: Path) -> None:
    first, second = named(config, "run-00000", code=True), named(config, "run-00001", code=True)
    page = tomking(config, "compare", first, second).out
    assert "0.65" in page
    assert "exit_dte" not in page
    assert "trades: nothing that differs" in page
    assert "+    target = 0.65" in page
    assert "exit_dte" in tomking(config, "compare", first, second, "--all").out


def test_source_that_lean_did_not_keep_is_unknown_and_not_equal(config: Path) -> None:
    page = tomking(config, "compare", "boom", named(config, "run-00001", code=True)).out
    assert "the source of boom" in page
    assert "is not known" in page
