"""A conversation with a service: patient where that helps, short where it does not, silent about credentials."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.connections import credentials
from pipelines.connections.credentials import Secret, look_up
from pipelines.connections.errors import ConnectionFailed
from pipelines.connections.exchange import Exchange, Limits, Pace
from pipelines.errors import ConfigurationError
from pipelines.privacy import redact_text
from tests.connections.servers import PAGE, Asked, Clock, Reply, Server, serving

GOOD = Reply(200, b'{"data": 1}')
SHORT = Limits(connect=2.0, silence=0.3, answer=1.0, size=1_000, attempts=4, longest_wait=100.0)


class Plain(Server):
    def answer(self, asked: Asked) -> Reply:
        return GOOD


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Plain()) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def exchange(server: Server, clock: Clock) -> Iterator[Exchange]:
    pace = Pace(0.0, 1_000, 1.0, sleep=clock.sleep, clock=clock)
    with Exchange("the service", server.address, pace=pace, limits=SHORT, sleep=clock.sleep, clock=clock) as made:
        yield made


@pytest.mark.parametrize(
    "fault",
    [
        Reply(429, b"slow down"),
        Reply(500, b"oops"),
        Reply(503, PAGE, "text/html"),
        Reply(200, b'{"data":', declared=500),
        Reply(200, b"{}", silence=0.6),
        Reply(200, b"x" * 40, drip=0.05),
    ],
    ids=["429", "500", "maintenance page", "truncated", "silent", "dripping"],
)
def test_a_passing_fault_costs_a_wait_and_no_answer(
    server: Server, exchange: Exchange, clock: Clock, fault: Reply
) -> None:
    server.fail("/x", fault, fault)
    assert exchange.get("/x").body == GOOD.body
    assert len(server.asked) == 3
    assert len(clock.slept) == 2
    assert 0 < clock.slept[0] <= clock.slept[1] + SHORT.first_wait


def test_the_time_the_server_names_is_waited(server: Server, exchange: Exchange, clock: Clock) -> None:
    server.fail("/x", Reply(429, headers={"Retry-After": "17"}))
    exchange.get("/x")
    assert clock.slept == [17.0]


def test_a_date_in_the_past_is_no_reason_to_wait_long(server: Server, exchange: Exchange, clock: Clock) -> None:
    server.fail("/x", Reply(503, headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}))
    exchange.get("/x")
    assert clock.slept[0] < 5


def test_a_server_that_wants_to_be_left_alone_is(server: Server, exchange: Exchange, clock: Clock) -> None:
    server.fail("/x", Reply(429, headers={"Retry-After": "3600"}))
    with pytest.raises(ConnectionFailed, match="3600 seconds"):
        exchange.get("/x")
    assert clock.slept == []


def test_patience_ends_with_what_was_wrong_and_what_to_do(server: Server, exchange: Exchange) -> None:
    server.fail("/x", *[Reply(500, b"out of order")] * 9)
    with pytest.raises(ConnectionFailed, match="asked 4 times") as caught:
        exchange.get("/x")
    assert caught.value.why == "status 500: out of order"
    assert caught.value.remedy
    assert len(server.asked) == SHORT.attempts


def test_an_endless_answer_is_refused_at_once(server: Server, exchange: Exchange) -> None:
    server.fail("/x", Reply(200, b"x" * 5_000))
    with pytest.raises(ConnectionFailed, match="more than 1,000 bytes"):
        exchange.get("/x")
    assert len(server.asked) == 1


def test_a_redirection_is_not_followed(server: Server, exchange: Exchange) -> None:
    server.fail("/x", Reply(302, headers={"Location": server.address + "/elsewhere"}))
    assert exchange.get("/x").status == 302
    assert server.paths() == ["/x"]


def test_nobody_listens(clock: Clock) -> None:
    pace = Pace(0.0, 1_000, 1.0, sleep=clock.sleep, clock=clock)
    with (
        Exchange("the service", "http://127.0.0.1:9", pace=pace, limits=SHORT, sleep=clock.sleep) as exchange,
        pytest.raises(ConnectionFailed, match="the connection broke"),
    ):
        exchange.get("/x")


@given(st.lists(st.floats(0, 3), min_size=2, max_size=40))
def test_no_more_requests_than_the_pace_allows(pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(1.0, 5, 20.0, sleep=clock.sleep, clock=clock)
    sent = []
    for pause in pauses:
        clock.now += pause
        pace.wait()
        sent.append(clock.now)
    assert all(later - earlier >= 1.0 - 1e-9 for earlier, later in pairwise(sent))
    assert all(later - earlier >= 20.0 - 1e-9 for earlier, later in zip(sent, sent[5:], strict=False))


def test_a_secret_shows_itself_nowhere(server: Server, exchange: Exchange, caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret("planted/secret+0001")
    assert "planted" not in f"{secret} {secret!r} {[secret]}"
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    caplog.set_level(logging.DEBUG)
    server.fail("/x", *[Reply(500, f"you sent {secret.reveal()}".encode())] * 9)
    with pytest.raises(ConnectionFailed) as caught:
        exchange.get("/x", {"t": secret.reveal()}, {"Authorization": f"Bearer {secret.reveal()}"})
    told = [caplog.text, str(caught.value), repr(caught.value.__dict__), redact_text("?t=planted%2Fsecret%2B0001")]
    assert not any("planted" in text for text in told)
    assert server.asked[0].query["t"] == secret.reveal()


def test_the_environment_goes_before_the_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        ("tomking/my-own", "client_secret"): "from-keyring-1",
        ("tomking/my-own", "refresh_token"): "from-keyring-2",
    }

    class Keyring:
        @staticmethod
        def get_password(service: str, name: str) -> str | None:
            return kept.get((service, name))

    monkeypatch.setattr(credentials, "_keyring", lambda: Keyring)
    monkeypatch.setenv("TOMKING_MY_OWN_CLIENT_SECRET", "from-environment")
    found = look_up("my-own", "tastytrade")
    assert (found["client_secret"], found["refresh_token"]) == ("from-environment", "from-keyring-2")
    assert found.get("account_number") is None
    assert found.sources["refresh_token"] == "keyring tomking/my-own refresh_token"
    assert found.missing == ()


def test_what_is_missing_is_named_and_what_is_no_credential_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "_keyring", lambda: None)
    assert look_up("main", "ibkr").missing == ("flex_token",)
    monkeypatch.setenv("TOMKING_MAIN_FLEX_TOKEN", "1234")
    with pytest.raises(ConfigurationError, match="fewer than 8"):
        look_up("main", "ibkr")


def test_a_locked_keyring_is_told_with_its_way_round(monkeypatch: pytest.MonkeyPatch) -> None:
    class Locked:
        @staticmethod
        def get_password(service: str, name: str) -> str | None:
            raise RuntimeError("prompt dismissed")

    monkeypatch.setattr(credentials, "_keyring", lambda: Locked)
    with pytest.raises(ConfigurationError, match="TOMKING_MAIN_FLEX_TOKEN"):
        look_up("main", "ibkr")
