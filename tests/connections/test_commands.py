"""Connections as somebody uses them: `tomking fetch`, `tomking doctor`, Dagster; and a secret that is nowhere."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import dagster as dg
import pytest

from pipelines.defs.resources import WarehouseResource
from pipelines.defs.statements.assets import fetched_statements
from pipelines.steps.checks import all_checks, run_checks
from tests.connections.servers import FlexServer, Reply, TastytradeServer, serving
from tests.connections.test_fetch import DAYS, FLEX, items
from tests.pipelines.command_line import Answer, run, tomking
from warehouse.access import Warehouse

SECRETS = {
    "TOMKING_MAIN_CLIENT_SECRET": "planted-client-secret-0001",
    "TOMKING_MAIN_REFRESH_TOKEN": "planted-refresh-token-0001",
    "TOMKING_IB_FLEX_TOKEN": "654321987654321987654321",
}


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[TastytradeServer, FlexServer]]:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pipelines.connections.exchange.time.sleep", lambda _seconds: None)
    tasty, flex = TastytradeServer(items(), dict.fromkeys(DAYS, ("2.255", "Debit"))), FlexServer({"123": FLEX})
    tasty.secret, tasty.refresh = SECRETS["TOMKING_MAIN_CLIENT_SECRET"], SECRETS["TOMKING_MAIN_REFRESH_TOKEN"]
    flex.token = SECRETS["TOMKING_IB_FLEX_TOKEN"]
    with serving(tasty), serving(flex):
        yield tasty, flex


@pytest.fixture
def config(tmp_path: Path, servers: tuple[TastytradeServer, FlexServer]) -> Path:
    tasty, flex = servers
    folder = tmp_path / "own"
    assert run(["init", str(folder), "--yes"]).code == 0
    file = folder / "tomking.toml"
    file.write_text(
        file.read_text()
        + f"""
[[accounts]]
alias = "ib"
broker = "ibkr"

[[connections]]
account = "main"
address = "{tasty.address}"

[[connections]]
account = "ib"
address = "{flex.address}"
queries = ["123"]
"""
    )
    return file


def fetch(config: Path, *arguments: str) -> Answer:
    return tomking(config, "fetch", "--since", "2026-11-01", *arguments)


def test_fetch_takes_in_what_every_connection_gives(config: Path) -> None:
    answer = fetch(config, "--json")
    assert answer.code == 0
    assert [found["outcome"] for found in answer.document["connections"]] == ["fetched", "fetched"]
    told = tomking(
        config, "sql", "--json", "select account, count(*) as n from records.statement_rows group by all order by all"
    )
    assert told.document == [{"account": "ib", "n": 1}, {"account": "main", "n": len(DAYS)}]
    again = fetch(config)
    assert "ingested" not in again.out
    assert tomking(config, "fetch", "--account", "ib", "--since", "2026-11-01").code == 0
    assert tomking(config, "fetch", "--account", "nobody").code == 3


def test_a_connection_that_fails_has_its_own_exit_code_and_check(
    config: Path, servers: tuple[TastytradeServer, FlexServer]
) -> None:
    servers[1].token = "another-token-of-somebody"
    answer = fetch(config)
    assert answer.code == 6
    assert "code 1015" in answer.out
    assert "make a new token" in answer.err
    chosen = [check for check in all_checks() if check.name == "connections_answer"]
    with Warehouse(config.parent / "state").writer("test") as session:
        (outcome,) = run_checks(session, chosen)
    assert (outcome.passed, outcome.failures) == (False, 1)
    servers[1].token = SECRETS["TOMKING_IB_FLEX_TOKEN"]
    assert fetch(config).code == 0
    with Warehouse(config.parent / "state").writer("test") as session:
        (outcome,) = run_checks(session, chosen)
    assert outcome.passed


def test_doctor_tells_which_connection_is_configured(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def finding(alias: str) -> dict[str, object]:
        found = tomking(config, "doctor", "--json").document
        (one,) = [item for item in found if item["subject"] == f"connection of {alias}"]
        return dict(one)

    assert finding("main")["ok"] is True
    assert "refresh_token from environment TOMKING_MAIN_REFRESH_TOKEN" in str(finding("main")["found"])
    monkeypatch.delenv("TOMKING_IB_FLEX_TOKEN")
    assert finding("ib")["ok"] is False
    assert "keyring set tomking/ib flex_token" in str(finding("ib")["remedy"])


def test_without_connections_fetch_says_how_to_make_one(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path / "own"), "--yes"]).code == 0
    answer = tomking(tmp_path / "own" / "tomking.toml", "fetch")
    assert answer.code == 2
    assert "[[connections]]" in answer.err


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('account = "nobody"', "not configured"),
        ('account = "ib"', "names no Flex query"),
        ('account = "ib"\nqueries = ["a/b"]', "no number"),
        ('account = "main"\naddress = "http://api.example.org"', "https://"),
        ('account = "sc"', "not connected"),
    ],
)
def test_a_connection_that_cannot_be_is_refused_at_once(tmp_path: Path, table: str, why: str) -> None:
    assert run(["init", str(tmp_path / "own"), "--yes"]).code == 0
    file = tmp_path / "own" / "tomking.toml"
    more = '[[accounts]]\nalias = "ib"\nbroker = "ibkr"\n[[accounts]]\nalias = "sc"\nbroker = "schwab"\n'
    file.write_text(f"{file.read_text()}\n{more}[[connections]]\n{table}\n")
    answer = tomking(file, "fetch")
    assert answer.code == 2
    assert why in " ".join(answer.err.split())


@pytest.mark.slow
def test_a_planted_secret_is_in_no_file_no_table_no_log_no_message_and_no_metadata(
    config: Path, servers: tuple[TastytradeServer, FlexServer], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    tasty, flex = servers
    echoes = [Reply(500, repr(list(SECRETS.values())).encode(), "text/html")] * 9
    told = [fetch(config), tomking(config, "doctor")]
    tasty.fail("/transactions", *echoes)
    flex.fail("/GetStatement", *echoes)
    told += [fetch(config), tomking(config, "nightly")]
    tasty.fail("/oauth/token", *echoes)
    flex.fail("/SendRequest", *echoes)
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), dg.DagsterInstance.ephemeral() as instance:
        resource = WarehouseResource(config_path=str(config))
        result = dg.materialize([fetched_statements], resources={"warehouse": resource}, instance=instance)
        events = "".join(repr(event) for event in instance.all_logs(result.run_id))
    assert result.success
    assert "asked 5 times" in events
    tables = tomking(config, "sql", "--json", "select * from ops.jobs").out
    texts = [caplog.text, events, out.getvalue(), err.getvalue(), tables, *(one.out + one.err for one in told)]
    tokens = [*SECRETS.values(), *tasty.tokens]
    assert len(tokens) > len(SECRETS)
    for token in tokens:
        assert not any(token in text for text in texts)
        assert not any(token.encode() in path.read_bytes() for path in config.parent.rglob("*") if path.is_file())
