"""The command line as somebody uses it: a new instance, files good and bad, questions, mistakes and their remedies."""

from __future__ import annotations

import datetime as dt
import json
import multiprocessing
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.commands.output import cell, counted, plain, print_csv
from tests.pipelines.command_line import Answer, run, tomking
from tests.shared import ROOT
from warehouse.access import Warehouse

RUN = ROOT / "demo" / "runs" / "live" / "3-L-3100000003"
STATEMENT = ROOT / "demo" / "statements" / "paper" / "tastytrade_transactions_history_x5WX00000_261116_to_261122.csv"


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh instance that nothing is taken into."""
    folder = tmp_path_factory.mktemp("empty")
    assert run(["init", str(folder), "--yes"]).code == 0
    return folder / "tomking.toml"


@pytest.fixture
def fresh(empty: Path, tmp_path: Path) -> Path:
    """A fresh instance of the test's own."""
    shutil.copytree(empty.parent, tmp_path / "fresh")
    return tmp_path / "fresh" / "tomking.toml"


def ask(config: Path, query: str) -> list[dict[str, object]]:
    """The rows of a query through `tomking sql --json`."""
    rows: list[dict[str, object]] = tomking(config, "sql", query, "--json").document
    return rows


def is_message(answer: Answer, *parts: str) -> bool:
    """Whether the command ended with a message of ours that has these parts, and with no traceback."""
    return "Traceback" not in answer.err and all(part in answer.err for part in parts)


# --- a new instance -----------------------------------------------------------------------------------------------


def test_init_makes_an_instance_that_doctor_finds_well(empty: Path) -> None:
    answer = tomking(empty, "doctor")
    assert answer.code == 0
    assert "MEND" not in answer.out


def test_init_asks_for_what_it_needs(tmp_path: Path) -> None:
    answer = run(["init", str(tmp_path / "asked")], stdin="\nira\ntastytrade\nUSD\nlive\n")
    assert answer.code == 0
    written = (tmp_path / "asked" / "tomking.toml").read_text(encoding="utf-8")
    assert 'alias = "ira"' in written
    assert 'name = "live"' in written


def test_init_refuses_to_overwrite_an_instance(empty: Path) -> None:
    answer = run(["init", str(empty.parent), "--yes"])
    assert answer.code == 4
    assert is_message(answer, "already configured", str(empty), "do")


def test_doctor_names_the_command_that_mends_a_missing_folder(fresh: Path) -> None:
    (fresh.parent / "inbox").rmdir()
    answer = tomking(fresh, "doctor")
    assert answer.code == 1
    assert "MEND" in answer.out
    findings = tomking(fresh, "doctor", "--json").document
    assert [found["remedy"] for found in findings if not found["ok"]] == [f"mkdir -p {fresh.parent / 'inbox'}"]
    assert [found["subject"] for found in findings if not found["ok"]] == ["inbox"]


def test_an_empty_instance_answers_every_question_with_nothing(empty: Path) -> None:
    for arguments in (
        ["status"],
        ["breaks"],
        ["parameters"],
        ["fees"],
        ["fees", "evidence"],
        ["fees", "report"],
        ["fees", "rates", "--unproven"],
        ["regimes", "--show-only"],
        ["reconcile"],
    ):
        answer = tomking(empty, *arguments)
        assert answer.code == 0, arguments
        assert tomking(empty, *arguments, "--json").code == 0, arguments
    assert ask(empty, "select * from marts.runs") == []


def test_the_configuration_is_found_by_variable_and_above_the_current_folder(
    empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOMKING_CONFIG", str(empty))
    assert run(["breaks"]).code == 0
    monkeypatch.delenv("TOMKING_CONFIG")
    monkeypatch.chdir(empty.parent / "inbox")
    assert run(["breaks"]).code == 0


# --- taking files in ----------------------------------------------------------------------------------------------


def test_a_good_run_is_taken_and_a_broken_file_beside_it_is_refused(fresh: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_text("not,a,statement\n1,2,3\n", encoding="utf-8")
    answer = tomking(fresh, "ingest", RUN, broken)
    assert answer.code == 5
    assert "refused" in answer.out
    assert [row["state"] for row in ask(fresh, "select state from marts.runs")] == ["runtime_error"]
    [refused] = ask(fresh, "select file, line, field, reason, state from marts.quarantine")
    assert str(refused["file"]).endswith("broken.csv")
    assert str(refused["reason"]).startswith("unknown header")
    assert refused["state"] == "open"
    again = tomking(fresh, "ingest", RUN, broken)
    assert again.code == 5
    assert len(ask(fresh, "select * from marts.quarantine")) == 1


def test_a_statement_is_taken_for_the_only_account_and_twice_is_once(fresh: Path) -> None:
    first = tomking(fresh, "ingest", STATEMENT, "--json")
    assert first.code == 0
    assert [item["outcome"] for item in first.document["items"]] == ["ingested"]
    assert [item["outcome"] for item in tomking(fresh, "ingest", STATEMENT, "--json").document["items"]] == [
        "unchanged"
    ]
    assert ask(fresh, "select distinct account from records.statement_rows") == [{"account": "main"}]
    assert "x5WX00000" not in first.out + first.err


def test_an_account_that_is_not_configured_is_mentioned_and_what_to_do(fresh: Path) -> None:
    answer = tomking(fresh, "ingest", STATEMENT, "--account", "mian", "--json")
    assert answer.code == 0
    assert is_message(answer, "'mian' is not configured (configured: main)", "[[accounts]]")


def test_a_folder_with_nothing_in_it_is_refused_by_name(fresh: Path, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    answer = tomking(fresh, "ingest", tmp_path / "nothing")
    assert answer.code == 5
    assert "a folder without runs, statements, prices or an object store" in answer.out


def test_a_path_that_is_not_there_is_a_mistake_on_the_command_line(fresh: Path, tmp_path: Path) -> None:
    answer = tomking(fresh, "ingest", tmp_path / "nowhere")
    assert answer.code == 2
    assert is_message(answer, "nowhere", "does not exist")


def test_reconciling_fresh_files_finds_breaks_that_a_person_can_settle(fresh: Path) -> None:
    assert tomking(fresh, "ingest", STATEMENT).code == 0
    live = RUN.parent
    taken = tomking(
        fresh, "ingest", *sorted(path for path in live.iterdir() if path.name != "storage"), "--rehearses", "main"
    )
    assert taken.code == 0, taken.out
    assert tomking(fresh, "reconcile").code == 0
    assert len(tomking(fresh, "breaks", "--json").document) > 0


# --- questions ----------------------------------------------------------------------------------------------------

TYPES = (
    "select 1.500000::decimal(18, 6) as amount, null as unknown, timestamptz '2026-11-16 14:30:00.25+00' as instant, "
    "date '2026-11-16' as day, true as flag, [1, 2] as list, 'NaN'::double as no_number, '[red]x' as text"
)


def test_json_keeps_decimals_exact_instants_in_utc_and_unknown_null(empty: Path) -> None:
    assert ask(empty, TYPES) == [
        {
            "amount": "1.5",
            "unknown": None,
            "instant": "2026-11-16T14:30:00.25Z",
            "day": "2026-11-16",
            "flag": True,
            "list": [1, 2],
            "no_number": None,
            "text": "[red]x",
        }
    ]


def test_a_table_shows_the_same_and_a_dash_for_what_is_unknown(empty: Path) -> None:
    lines = tomking(empty, "sql", TYPES).out.splitlines()
    assert lines[0] == "1 row"
    assert [part.strip() for part in lines[-2].strip("│").split("│")] == [
        "1.5", "–", "2026-11-16 14:30:00.25Z", "2026-11-16", "true", "[1, 2]", "–", "[red]x",
    ]  # fmt: skip


def test_a_table_in_a_pipe_never_breaks_a_line(empty: Path) -> None:
    query = "select repeat('x', 400) as one, repeat('y', 400) as two"
    assert any("x" * 400 in line and "y" * 400 in line for line in tomking(empty, "sql", query).out.splitlines())


def test_csv_has_a_header_and_empty_fields_for_what_is_unknown(empty: Path) -> None:
    assert tomking(empty, "sql", TYPES, "--csv").out == (
        "amount,unknown,instant,day,flag,list,no_number,text\n"
        '1.5,,2026-11-16T14:30:00.25Z,2026-11-16,true,"[1, 2]",,[red]x\n'
    )


def test_a_query_comes_from_a_file_or_from_standard_input_and_may_begin_with_a_comment(
    empty: Path, tmp_path: Path
) -> None:
    file = tmp_path / "question.sql"
    file.write_text("-- how many\nselect 7 as n", encoding="utf-8")
    assert ask(empty, f"@{file}") == [{"n": 7}]
    assert tomking(empty, "sql", "-", "--json", stdin="select 8 as n").document == [{"n": 8}]
    assert ask(empty, "-- how many\nselect 9 as n") == [{"n": 9}]


@pytest.mark.parametrize(
    ("query", "code", "parts"),
    [
        ("selec 1", 1, ("the query failed", "syntax error", "show all tables")),
        ("select nothing from marts.runs", 1, ("the query failed", "nothing")),
        ("update records.runs set name = 'x'", 1, ("the query failed", "queries only read")),
        ("", 1, ("there is no query",)),
        ("-- only a comment", 1, ("there is no query",)),
        ("@/nowhere/question.sql", 3, ("cannot be read", "/nowhere/question.sql", "No such file")),
        ("@/", 3, ("cannot be read", "Is a directory")),
    ],
)
def test_a_mistake_in_a_query_is_explained(empty: Path, query: str, code: int, parts: tuple[str, ...]) -> None:
    answer = tomking(empty, "sql", query)
    assert answer.code == code
    assert is_message(answer, *parts)
    assert answer.out == ""


def test_csv_and_json_together_are_refused(empty: Path) -> None:
    assert tomking(empty, "sql", "select 1", "--csv", "--json").code == 2


def test_values_are_shown_without_losing_or_inventing_anything() -> None:
    assert cell(Decimal("0.000000")) == "0"
    assert cell(Decimal("1E+3")) == "1000"
    assert cell(Decimal("-0.100")) == "-0.1"
    assert cell(dt.datetime(2026, 11, 16, 9, tzinfo=dt.timezone(dt.timedelta(hours=-5)))) == "2026-11-16 14:00:00Z"
    assert plain(float("inf")) == "inf"
    assert plain(b"\x00\xff") == "00ff"
    assert counted(1, "row") == "1 row"
    assert counted(0, "row") == "0 rows"


def test_csv_quotes_what_a_spreadsheet_would_take_apart(capsys: pytest.CaptureFixture[str]) -> None:
    print_csv(["a"], [['x,"y"\nz'], [{"k": Decimal("1.10")}]])
    assert capsys.readouterr().out == 'a\n"x,""y""\nz"\n"{""k"": ""1.1""}"\n'


# --- mistakes -----------------------------------------------------------------------------------------------------


def test_a_configuration_that_is_not_there_names_the_command_that_makes_one(tmp_path: Path) -> None:
    answer = tomking(tmp_path / "tomking.toml", "status")
    assert answer.code == 2
    assert is_message(answer, "not there", str(tmp_path), "tomking init")


def test_a_configuration_that_does_not_fit_names_the_key(tmp_path: Path) -> None:
    (tmp_path / "tomking.toml").write_text("[paths]\nstat = 'x'\n", encoding="utf-8")
    answer = tomking(tmp_path, "status")
    assert answer.code == 2
    assert is_message(answer, "stat", "tomking.toml")


def test_a_configuration_in_broken_toml_names_the_line(tmp_path: Path) -> None:
    (tmp_path / "tomking.toml").write_text("[paths\n", encoding="utf-8")
    answer = tomking(tmp_path, "status")
    assert answer.code == 2
    assert is_message(answer, "cannot be read", "line 1")


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["breaks", "show", "abcdef"], 3, ("no break", "tomking breaks list")),
        (["breaks", "assign", "abc", "--owner", "me"], 3, ("at least 6", "abc")),
        (["parameters", "show", "ps-none"], 3, ("ps-none", "tomking parameters list")),
        (["parameters", "approve", "ps-none", "--by", "me"], 3, ("ps-none",)),
        (["parameters", "publish", "--deployment", "nowhere"], 2, ("nowhere", "configured: main", "[[deployments]]")),
        (["parameters", "rollback", "--deployment", "main", "--by", "me", "--why", "x"], 4, ("nothing is published",)),
        (["fees", "accept", "abcdef", "--by", "me"], 3, ("abcdef",)),
        (["restore", "/dev/null", "--yes"], 3, ("no such backup", "/dev/null")),
        (["backup", "--nonsense"], 2, ("--nonsense",)),
        (["nonsense"], 2, ("nonsense",)),
        (["reconcile", "--day", "yesterday"], 2, ("yesterday", "%Y-%m-%d")),
    ],
)
def test_naming_what_is_not_there_says_how_to_find_what_is(
    empty: Path, arguments: list[str], code: int, parts: tuple[str, ...]
) -> None:
    answer = tomking(empty, *arguments)
    assert is_message(answer, *parts), answer.err
    assert answer.code == code


def test_an_instance_without_a_warehouse_names_the_command_that_makes_one(fresh: Path) -> None:
    shutil.rmtree(fresh.parent / "state")
    for arguments in (["sql", "select 1"], ["ingest", str(RUN)], ["reconcile"]):
        answer = tomking(fresh, *arguments)
        assert answer.code == 3
        assert is_message(answer, "tomking init")
    answer = tomking(fresh, "doctor")
    assert answer.code == 1
    assert "tomking init" in answer.out


def test_a_file_that_the_system_does_not_let_us_write_is_a_message(empty: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    answer = run(["init", str(tmp_path / "file" / "instance"), "--yes"])
    assert answer.code == 1
    assert is_message(answer, "could not be read or written", str(tmp_path / "file"), "do")


def _hold(state: Path, held: multiprocessing.synchronize.Event, free: multiprocessing.synchronize.Event) -> None:
    with Warehouse(state).writer("a long job"):
        held.set()
        free.wait(60)


@pytest.fixture
def busy(fresh: Path) -> Iterator[Path]:
    """An instance that another process is writing to."""
    context = multiprocessing.get_context("spawn")
    held, free = context.Event(), context.Event()
    process = context.Process(target=_hold, args=(fresh.parent / "state", held, free))
    process.start()
    assert held.wait(60)
    yield fresh
    free.set()
    process.join(60)
    assert process.exitcode == 0


def test_while_another_process_writes_questions_are_answered_and_a_second_writer_is_told_who_it_is(busy: Path) -> None:
    assert ask(busy, "select count(*) as runs from marts.runs") == [{"runs": 0}]
    assert tomking(busy, "status").code == 0
    assert "a long job" in tomking(busy, "doctor").out
    answer = run(["--config", str(busy), "--wait", "0.2", "ingest", str(RUN)])
    assert answer.code == 75
    assert is_message(answer, "`a long job`", "waited 0.2 s", "run the same command again")
    assert run(["--config", str(busy), "--wait", "0.2", "backup"]).code == 75


# --- keeping and showing ------------------------------------------------------------------------------------------


def test_a_backup_brings_back_what_was_there(fresh: Path, tmp_path: Path) -> None:
    assert tomking(fresh, "ingest", RUN).code == 0
    copy = tmp_path / "copy.duckdb"
    assert tomking(fresh, "backup", copy, "--json").document == {"backup": str(copy)}
    assert tomking(fresh, "backup", copy).code == 4
    assert tomking(fresh, "ingest", STATEMENT).code == 0
    restored = tomking(fresh, "restore", copy, "--yes", "--json")
    assert restored.code == 0
    assert Path(restored.document["kept"]).is_file()
    assert ask(fresh, "select count(*) as n from records.statement_rows") == [{"n": 0}]
    assert ask(fresh, "select name from marts.runs") == [{"name": RUN.name}]


def test_restore_asks_first_and_no_changes_nothing(fresh: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.duckdb"
    assert tomking(fresh, "backup", copy).code == 0
    assert tomking(fresh, "ingest", RUN).code == 0
    assert tomking(fresh, "restore", copy, stdin="n\n").code == 130
    assert len(ask(fresh, "select * from marts.runs")) == 1


def test_restoring_something_else_leaves_the_warehouse_as_it_is(fresh: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    other.write_bytes(b"no database")
    answer = tomking(fresh, "restore", other, "--yes")
    assert answer.code == 1
    assert is_message(answer, str(other))
    assert tomking(fresh, "doctor").code == 0


def test_redact_prints_a_file_without_account_numbers(tmp_path: Path) -> None:
    file = tmp_path / "statement.txt"
    file.write_text("Account 5WX12345 bought SPY 191220P00314000\n", encoding="utf-8")
    answer = run(["redact", str(file)])
    assert answer.code == 0
    assert answer.out == "Account REDACTED bought SPY 191220P00314000\n"


def test_an_error_shows_no_account_number(tmp_path: Path) -> None:
    answer = tomking(tmp_path / "account 5WX12345" / "tomking.toml", "status")
    assert answer.code == 2
    assert "5WX12345" not in answer.err


# --- the demonstration --------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_status_shows_the_night_on_one_page(demonstration: Path) -> None:
    shown = tomking(demonstration, "status", "--json").document
    assert [job["outcome"] for job in shown["jobs"]] == ["succeeded", "succeeded"]
    assert sum(row["runs"] for row in shown["runs"]) == 5
    assert shown["quarantine"] == []
    assert {row["account"] for row in shown["open breaks"]} == {"covid", "paper"}
    [published] = shown["parameter sets"]
    assert published["state"] == "acknowledged"
    assert tomking(demonstration, "status").out.startswith("jobs\n")


@pytest.mark.slow
def test_a_break_is_assigned_noted_resolved_and_opened_again(own_demonstration: Path) -> None:
    config = own_demonstration
    [listed] = [row for row in tomking(config, "breaks", "list", "--account", "covid", "--json").document
                if row["cause"] == "commission_rate"]  # fmt: skip
    name = listed["break_id"][:8]
    assert "owner anna" in tomking(config, "breaks", "assign", name, "--owner", "anna").out
    assert tomking(config, "breaks", "note", name, "wrote to the desk").code == 0
    assert "resolved" in tomking(config, "breaks", "resolve", name, "--note", "refunded on the 20th").out
    twice = tomking(config, "breaks", "resolve", name, "--note", "again")
    assert twice.code == 4
    assert is_message(twice, "resolved already")
    shown = tomking(config, "breaks", "show", name).document
    assert (shown["state"], shown["owner"], shown["note"]) == ("resolved", "anna", "refunded on the 20th")
    assert [action["action"] for action in shown["actions"]] == ["assign", "note", "resolve"]
    assert [(cause["cause"], cause["amount"]) for cause in shown["causes"] if cause["component"] == "commission"] == [
        ("commission_rate", "1")
    ]
    assert name not in {
        row["break_id"][:8] for row in tomking(config, "breaks", "list", "--state", "open", "--json").document
    }
    assert tomking(config, "breaks", "reopen", name, "--note", "the refund bounced").code == 0
    # What people did survives the next reconciliation.
    assert tomking(config, "reconcile", "--day", listed["session_date"]).code == 0
    again = tomking(config, "breaks", "show", name).document
    assert (again["state"], again["owner"]) == ("open", "anna")


@pytest.mark.slow
def test_an_accepted_fee_rate_is_used_by_the_next_reconciliation(own_demonstration: Path) -> None:
    config = own_demonstration
    [proposal] = tomking(config, "fees", "--json").document
    assert (proposal["component"], proposal["state"]) == ("orf", "proposed")
    assert Decimal(proposal["interval_low"]) <= Decimal(proposal["amount"]) <= Decimal(proposal["interval_high"])
    name = proposal["proposal_id"][:10]
    changed = "select count(*) as n from marts.breaks where cause = 'pass_through_rate_change'"
    assert ask(config, changed) == [{"n": 1}]
    assert "next: tomking reconcile" in tomking(config, "fees", "accept", name, "--by", "anna").out
    assert tomking(config, "fees", "accept", name, "--by", "anna").code == 0
    refused = tomking(config, "fees", "reject", name, "--by", "ben")
    assert refused.code == 4
    assert is_message(refused, "accepted before")
    assert tomking(config, "reconcile").code == 0
    assert ask(config, changed) == [{"n": 0}]
    assert [row["state"] for row in tomking(config, "fees", "list", "--state", "accepted", "--json").document] == [
        "accepted"
    ]


@pytest.mark.slow
def test_a_parameter_set_is_shown_and_an_acknowledged_one_is_not_approved_again(demonstration: Path) -> None:
    [first] = tomking(demonstration, "parameters", "list", "--json").document
    shown = tomking(demonstration, "parameters", "show", first["sha256"][:8]).document
    assert shown["document"]["id"] == first["parameter_set_id"]
    assert [step["state"] for step in shown["history"]][-1] == "acknowledged"
    assert tomking(demonstration, "parameters", "approve", first["parameter_set_id"], "--by", "me").code == 4


@pytest.mark.slow
def test_a_set_waits_for_a_person_is_published_and_rolled_back(own_demonstration: Path) -> None:
    config = own_demonstration
    text = config.read_text(encoding="utf-8").replace("[calibration]", "[calibration]\napprove_by_rule = false")
    config.write_text(text, encoding="utf-8")
    names = []
    for through, effective in (("2008-12-31", "2009-01-02"), ("2010-12-31", "2011-01-03")):
        dates = ("--data-through", through, "--effective-from", effective)
        made = tomking(config, "parameters", "calibrate", "--deployment", "paper", *dates).document
        name = made["parameter_set_id"]
        assert made["state"] == "proposed"
        assert tomking(config, "parameters", "publish", "--deployment", "paper", "--set", name).code == 4
        assert tomking(config, "parameters", "approve", name, "--by", "me", "--note", "spring").code == 0
        assert tomking(config, "parameters", "publish", "--deployment", "paper").document["parameter_set_id"] == name
        assert tomking(config, "parameters", "publish", "--deployment", "paper").document["documents_written"] == 0
        names.append(name)
    first, second = names
    current = config.parent / "storage" / "tomking" / "paper" / "parameters" / "current.json"
    assert json.loads(current.read_text(encoding="utf-8"))["id"] == second

    why = ("--by", "me", "--why", "breach", "--on", "2011-02-01")
    back = tomking(config, "parameters", "rollback", "--deployment", "paper", *why).document
    assert (back["from_set"], back["to_set"], back["in_force_from"]) == (second, first, "2011-02-01")
    assert json.loads(current.read_text(encoding="utf-8"))["id"] == first
    states = {row["parameter_set_id"]: row["state"] for row in tomking(config, "parameters", "--json").document}
    assert states[second] == "rolled_back"


@pytest.mark.slow
def test_too_few_unseen_sessions_store_no_set(own_demonstration: Path) -> None:
    dates = ("--data-through", "2020-06-30", "--effective-from", "2020-07-01")
    made = tomking(own_demonstration, "parameters", "calibrate", "--deployment", "demo", *dates).document
    assert made["parameter_set_id"] is None
    assert "sessions scored" in made["reason"]
    assert len(tomking(own_demonstration, "parameters", "list", "--json").document) == 1
