"""From a broker's web service into the warehouse: whole, once, and with every failure told."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.config import settings_from
from pipelines.connections.exchange import Limits
from pipelines.connections.flex_codes import CODES, describe
from pipelines.steps.ingest import ingest_paths
from pipelines.steps.statements.fetch import FetchOutcome, Patience, fetch_statements
from tests.connections.servers import (
    PAGE,
    Clock,
    FlexServer,
    Reply,
    TastytradeServer,
    flex_fail,
    serving,
)
from tests.parsing.test_tastytrade_json import sale
from tests.steps.asking import ask
from warehouse.access import Warehouse

SINCE = dt.date(2026, 11, 1)
DAYS = [f"2026-11-{day:02d}" for day in (9, 10, 11, 12, 13, 16, 17)]
FLEX = (
    b'<FlexQueryResponse queryName="daily" type="AF"><FlexStatements count="1">'
    b'<FlexStatement accountId="U1234567" fromDate="20261117" toDate="20261117" period="LastBusinessDay" '
    b'whenGenerated="20261118;043000"><Trades>'
    b'<Trade accountId="U1234567" currency="USD" assetCategory="STK" symbol="XYZ" conid="1" tradeID="77" '
    b'ibExecID="0000e1a7.1" transactionID="5" ibOrderID="9" dateTime="20261117;103000" tradeDate="20261117" '
    b'quantity="10" tradePrice="50" multiplier="1" proceeds="-500" taxes="0" ibCommission="-1.0" '
    b'ibCommissionCurrency="USD" netCash="-501" buySell="BUY" openCloseIndicator="O" levelOfDetail="EXECUTION" '
    b'transactionType="ExchTrade" notes=""/></Trades></FlexStatement></FlexStatements></FlexQueryResponse>'
)


def items() -> list[dict[str, Any]]:
    return [
        sale(**{"id": 300 + place, "order-id": 9000 + place, "executed-at": f"{day}T15:00:01.250+00:00"})
        for place, day in enumerate(DAYS)
    ]


class Instance:
    """A warehouse with connections to local servers."""

    def __init__(self, warehouse: Warehouse, folder: Path, clock: Clock) -> None:
        self.warehouse, self.folder, self.clock = warehouse, folder, clock
        self.connections: list[dict[str, Any]] = []

    def fetch(self, account: str | None = None, since: dt.date | None = SINCE, **limits: Any) -> list[FetchOutcome]:
        document = {
            "accounts": [{"alias": "main", "broker": "tastytrade"}, {"alias": "ib", "broker": "ibkr"}],
            "connections": self.connections,
        }
        settings = settings_from(document, self.folder / "tomking.toml")
        patience = Patience(
            Limits(connect=2.0, silence=0.5, attempts=3, **limits), sleep=self.clock.sleep, clock=self.clock
        )
        report = fetch_statements(self.warehouse, settings, account=account, since=since, patience=patience)
        for found in report.outcomes:
            if found.files:
                with self.warehouse.writer("test") as session:
                    paths = [Path(name) for name in found.files]
                    taken = ingest_paths(session, settings, paths, account=found.account, statements_only=True)
                    assert taken.refused == 0, taken
        return list(report.outcomes)

    def files(self, account: str = "main") -> list[Path]:
        return sorted((self.folder / "inbox" / account / "fetched").glob("*"))


@pytest.fixture
def instance(warehouse: Warehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Instance:
    monkeypatch.setenv("TOMKING_MAIN_CLIENT_SECRET", "client-secret-0001")
    monkeypatch.setenv("TOMKING_MAIN_REFRESH_TOKEN", "refresh-token-0001")
    monkeypatch.setenv("TOMKING_IB_FLEX_TOKEN", "900000000000000000000001")
    return Instance(warehouse, tmp_path, Clock())


@pytest.fixture
def tasty(instance: Instance) -> Iterator[TastytradeServer]:
    with serving(TastytradeServer(items(), dict.fromkeys(DAYS, ("2.255", "Debit")))) as server:
        instance.connections.append({"account": "main", "address": server.address})
        yield server


@pytest.fixture
def flex(instance: Instance) -> Iterator[FlexServer]:
    with serving(FlexServer({"123": FLEX})) as server:
        instance.connections.append({"account": "ib", "address": server.address, "queries": ["123"]})
        yield server


def only(outcomes: list[FetchOutcome]) -> FetchOutcome:
    assert len(outcomes) == 1
    return outcomes[0]


def test_every_page_and_every_day_is_fetched_byte_for_byte_and_read(
    instance: Instance, tasty: TastytradeServer
) -> None:
    outcome = only(instance.fetch())
    assert (outcome.outcome, outcome.replies, len(outcome.files)) == ("fetched", 3 + len(DAYS), 3 + len(DAYS))
    assert ask(instance.warehouse, "SELECT count(*) FROM records.statement_rows") == [(len(DAYS),)]
    assert ask(
        instance.warehouse, "SELECT count(*), sum(amount)::VARCHAR FROM records.broker_day_fees WHERE amount < 0"
    ) == [(len(DAYS), "-15.785000000000000000")]
    pages = [path for path in instance.files() if path.name.startswith("transactions")]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in instance.files())
    again = [json.loads(path.read_bytes())["pagination"]["page-offset"] for path in pages]
    assert again == [0, 1, 2]
    total = next(path for path in instance.files() if "total-fees_2026-11-17" in path.name).read_bytes()
    assert b'{"data": {"total-fees": "2.255", "total-fees-effect": "Debit"}, "context":' in total


def test_overlapping_fetches_change_nothing(instance: Instance, tasty: TastytradeServer) -> None:
    instance.fetch()
    before = ask(instance.warehouse, "SELECT * EXCLUDE (raw) FROM records.statement_rows ORDER BY row_id")
    names = [path.name for path in instance.files()]
    again = only(instance.fetch())
    assert (again.outcome, again.files) == ("fetched", ())
    assert [path.name for path in instance.files()] == names
    instance.fetch(since=dt.date(2026, 11, 11))
    assert ask(instance.warehouse, "SELECT * EXCLUDE (raw) FROM records.statement_rows ORDER BY row_id") == before


def test_the_next_fetch_begins_before_the_newest_known_day(instance: Instance, tasty: TastytradeServer) -> None:
    instance.fetch()
    outcome = only(instance.fetch(since=None))
    assert outcome.since == dt.date(2026, 11, 7)


def test_a_total_that_changed_is_fetched_again_and_the_later_counts(
    instance: Instance, tasty: TastytradeServer
) -> None:
    instance.fetch()
    tasty.totals["2026-11-17"] = ("2.30", "Debit")
    again = only(instance.fetch())
    assert [Path(name).name[:21] for name in again.files] == ["total-fees_2026-11-17"]
    found = ask(
        instance.warehouse,
        "SELECT amount::DECIMAL(9,3)::VARCHAR FROM records.broker_day_fees WHERE session_date = '2026-11-17'",
    )
    assert found == [("-2.300",)]


def test_a_session_that_ends_on_the_way_is_opened_anew(instance: Instance, tasty: TastytradeServer) -> None:
    expired = Reply(401, b'{"error": {"code": "token_invalid", "message": "expired"}}')
    tasty.fail("/transactions", expired)
    tasty.fail("/total-fees", expired)
    outcome = only(instance.fetch())
    assert outcome.outcome == "fetched"
    assert tasty.issued == 3


def test_a_token_is_renewed_before_its_fifteen_minutes_are_over(instance: Instance, tasty: TastytradeServer) -> None:
    tasty.fail("/transactions", Reply(429, headers={"Retry-After": "100"}), Reply(429, headers={"Retry-After": "100"}))
    instance.fetch()
    assert tasty.issued == 1
    instance.clock.now += 0
    tasty.fail("/total-fees", *[Reply(503, headers={"Retry-After": "110"})] * 2)
    tasty.fail("/transactions", *[Reply(503, headers={"Retry-After": "110"})] * 2)
    issued = tasty.issued
    instance.fetch()
    assert tasty.issued == issued + 1


def test_a_refused_login_is_tried_once_and_says_what_to_do(instance: Instance, tasty: TastytradeServer) -> None:
    tasty.refresh = "another-token"
    outcome = only(instance.fetch())
    assert outcome.outcome == "failed"
    assert "refuses the login (status 400); invalid_grant: Grant revoked" in (outcome.message or "")
    assert "TOMKING_MAIN_REFRESH_TOKEN" in (outcome.remedy or "")
    assert tasty.paths() == ["/oauth/token"]


def test_a_login_that_reaches_several_accounts_needs_the_number(
    instance: Instance, tasty: TastytradeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasty.numbers = ["5WX00042", "5WX00043"]
    outcome = only(instance.fetch())
    assert "reaches 2 accounts" in (outcome.message or "")
    assert "TOMKING_MAIN_ACCOUNT_NUMBER" in (outcome.remedy or "")
    monkeypatch.setenv("TOMKING_MAIN_ACCOUNT_NUMBER", "5WX00042")
    assert only(instance.fetch()).outcome == "fetched"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Reply(500, PAGE, "text/html"), "status 500"),
        (Reply(200, PAGE, "text/html"), "a page for people instead of JSON"),
        (Reply(200, b'{"data": {"items": [{"id": 1'), "not a whole JSON document"),
        (Reply(200, b'{"data": {"items": [', declared=99_999), "the connection broke"),
        (Reply(200, b'{"data": {"things": []}}'), "no page of transactions"),
        (Reply(200, b"{}", silence=1.0), "no answer in time"),
        (Reply(403, b'{"error": {"code": "not_permitted", "message": "User not permitted"}}'), "not_permitted"),
        (Reply(404, b"[]"), "status 404"),
    ],
    ids=["500", "html", "cut JSON", "cut body", "another reply", "silence", "403", "404"],
)
def test_a_service_that_fails_leaves_nothing_half_and_says_why(
    instance: Instance, tasty: TastytradeServer, fault: Reply, said: str
) -> None:
    tasty.fail("/transactions", *[fault] * 3)
    outcome = only(instance.fetch())
    assert outcome.outcome == "failed"
    assert said in (outcome.message or "")
    assert outcome.remedy
    assert instance.files() == []
    job = ask(instance.warehouse, "SELECT job, outcome FROM ops.jobs")
    assert job == [("fetch main", "failed")]


def test_a_page_that_comes_again_ends_the_walk(instance: Instance, tasty: TastytradeServer) -> None:
    tasty.fail("/transactions", *[tasty_page(tasty)] * 2)
    outcome = only(instance.fetch())
    assert "page 1 twice" in (outcome.message or "")


def tasty_page(server: TastytradeServer) -> Reply:
    told = {"pagination": {"total-pages": 3, "total-items": 7}, "data": {"items": server.items[:3]}}
    return Reply(200, json.dumps(told | {"context": "/transactions"}).encode())


def test_transactions_that_were_announced_and_not_given_are_missed(instance: Instance, tasty: TastytradeServer) -> None:
    told = {"pagination": {"total-pages": 1, "total-items": 7}, "data": {"items": tasty.items[:3]}}
    tasty.fail("/transactions", Reply(200, json.dumps(told | {"context": "/transactions"}).encode()))
    outcome = only(instance.fetch())
    assert "announced 7 transactions and gave 3" in (outcome.message or "")
    assert len(outcome.files) == 1


def test_pages_without_numbers_end_with_the_last_one(instance: Instance, tasty: TastytradeServer) -> None:
    tasty.tells_pages = False
    tasty.per_page = 250
    assert only(instance.fetch()).outcome == "fetched"
    assert ask(instance.warehouse, "SELECT count(*) FROM records.statement_rows") == [(len(DAYS),)]


def test_one_connection_that_fails_does_not_stop_the_other(
    instance: Instance, tasty: TastytradeServer, flex: FlexServer
) -> None:
    tasty.fail("/oauth/token", *[Reply(500)] * 9)
    first, second = instance.fetch()
    assert (first.outcome, second.outcome) == ("failed", "fetched")
    assert ask(instance.warehouse, "SELECT account, count(*) FROM records.statement_rows GROUP BY ALL") == [("ib", 1)]


def test_missing_credentials_are_named_and_nothing_is_asked(
    instance: Instance, flex: FlexServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOMKING_IB_FLEX_TOKEN")
    outcome = only(instance.fetch())
    assert (outcome.outcome, outcome.message) == ("not_configured", "missing: flex_token")
    assert "TOMKING_IB_FLEX_TOKEN" in (outcome.remedy or "")
    assert flex.asked == []


def test_a_flex_report_is_waited_for_and_kept_byte_for_byte(instance: Instance, flex: FlexServer) -> None:
    progress = flex_fail(1019, "Statement generation in progress. Please try again shortly.", "Warn")
    flex.fail("/SendRequest", flex_fail(1001, "Statement could not be generated at this time."))
    flex.fail("/GetStatement", progress, progress, Reply(200, b"Statement generation in progress", "text/plain"))
    outcome = only(instance.fetch())
    assert outcome.outcome == "fetched"
    assert [path.read_bytes() for path in instance.files("ib")] == [FLEX]
    assert instance.files("ib")[0].name.startswith("flex_123_20261117_20261117_")
    assert "begins on 20261117" in (outcome.message or "")
    assert ask(instance.warehouse, "SELECT count(*) FROM records.statement_rows") == [(1,)]
    assert only(instance.fetch()).files == ()


def test_the_services_own_pace_is_kept(instance: Instance, flex: FlexServer) -> None:
    progress = flex_fail(1019, "in progress", "Warn")
    flex.fail("/GetStatement", *[progress] * 14)
    started = instance.clock.now
    assert only(instance.fetch()).outcome == "fetched"
    assert len(flex.asked) == 16
    assert instance.clock.now - started >= 60.0


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (1003, "not available"), (1010, "legacy"), (1011, "inactive"), (1012, "token has expired"),
        (1013, "another IP address"), (1014, "query is invalid"), (1015, "token is invalid"),
        (1016, "account is invalid"), (1020, "cannot be validated"), (1025, "does not document"),
    ],
)  # fmt: skip
def test_a_code_that_does_not_pass_is_told_and_not_asked_again(
    instance: Instance, flex: FlexServer, code: int, said: str
) -> None:
    flex.fail("/SendRequest", flex_fail(code, "as IBKR words it"))
    outcome = only(instance.fetch())
    assert outcome.outcome == "failed"
    assert said in (outcome.message or "")
    assert f"code {code}" in (outcome.message or "")
    assert "as IBKR words it" in (outcome.message or "")
    assert outcome.remedy
    assert len(flex.asked) == 1


@pytest.mark.parametrize("code", [1001, 1004, 1005, 1006, 1007, 1008, 1009, 1018, 1019, 1021])
def test_a_code_that_passes_is_waited_for_until_patience_ends(instance: Instance, flex: FlexServer, code: int) -> None:
    flex.fail("/GetStatement", *[flex_fail(code, "try again shortly")] * 500)
    outcome = only(instance.fetch())
    assert f"code {code}" in (outcome.message or "")
    assert sum(instance.clock.slept) >= 600
    assert instance.files("ib") == []


def test_a_reference_that_is_no_longer_known_is_asked_for_anew_once(instance: Instance, flex: FlexServer) -> None:
    stale = flex_fail(1017, "Reference code is invalid.")
    flex.fail("/GetStatement", stale)
    assert only(instance.fetch()).outcome == "fetched"
    flex.fail("/GetStatement", stale, stale)
    assert "reference code was refused twice" in (only(instance.fetch()).message or "")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Reply(200, PAGE, "text/html"), "a page for people"),
        (Reply(200, FLEX[:300], "text/xml"), "not well-formed XML"),
        (Reply(200, FLEX, "text/xml", declared=len(FLEX) + 9), "the connection broke"),
        (Reply(200, b'"ClientAccountID","Symbol"\n', "text/csv"), "give the query the format XML"),
        (Reply(200, b'<!DOCTYPE x [<!ENTITY a "b">]><FlexQueryResponse/>', "text/xml"), "DOCTYPE"),
        (Reply(502, b"bad gateway"), "status 502"),
    ],
    ids=["html", "truncated", "cut body", "csv", "entity", "502"],
)
def test_a_report_that_is_none_is_refused(instance: Instance, flex: FlexServer, fault: Reply, said: str) -> None:
    flex.fail("/GetStatement", *[fault] * 3)
    outcome = only(instance.fetch())
    assert outcome.outcome == "failed"
    assert said in (outcome.message or "")
    assert instance.files("ib") == []


def test_the_token_never_goes_to_another_host(instance: Instance, flex: FlexServer) -> None:
    with serving(FlexServer({})) as other:
        flex.collect_from = f"{other.address}/GetStatement"
        outcome = only(instance.fetch())
        assert "another host" in (outcome.message or "")
        assert other.asked == []
    flex.collect_from = "https://interactivebrokers.com.example.org/GetStatement"
    assert "another host" in (only(instance.fetch()).message or "")


def test_every_code_has_a_meaning_and_a_remedy_and_an_unknown_one_is_not_asked_again() -> None:
    assert set(CODES) == {1001, *range(1003, 1022)}
    assert all(code.meaning and code.remedy for code in CODES.values())
    assert not describe(4711).passing
