"""How a run was started: its settings without their secrets, its code by content."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.parsing.lean.launch import parse_settings, without_secrets
from pipelines.parsing.lean.source_code import code_hash, is_source, language_of, text_of
from pipelines.parsing.refusals import Refused
from pipelines.privacy import MASK

HARMLESS = {
    "id": 1234567890,
    "container": "lean_cli_0a1b2c3d4e5f6a7b8c9d0e1f",
    "backtest-name": "Calm Fox",
    "debugport": 5678,
}
SECRETS = {
    "ib-password": "hunter2hunter2", "tastytrade-refresh-token": "c2VjcmV0", "schwabAppSecret": "9f8e7d", "api_key": "AK12",
    "job-user-id": "424242", "ib-user-name": "someone", "account-number": "5WX00001", "notes": "eyJhbGciOiJIUzI1NiJ9.e30.Zm9v",
    "proxy": "https://user:word@host/", "brokerage-data": '{"access-token": "tok-in-text"}',
}  # fmt: skip


def test_settings_are_texts_under_their_path() -> None:
    data = json.dumps({"id": 12, "brokerage": {"name": "tt", "live": True}, "list": [1, "b"], "nothing": None}).encode()
    assert parse_settings(data) == {"id": "12", "brokerage.name": "tt", "brokerage.live": "true", "list": '[1,"b"]'}


def test_a_harmless_setting_stays_as_it_is() -> None:
    data = json.dumps(HARMLESS).encode()
    assert parse_settings(data) == {name: str(value) for name, value in HARMLESS.items()}
    assert without_secrets(data) == data


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("nested", [False, True])
def test_a_planted_secret_is_neither_a_setting_nor_in_the_bytes_that_are_kept(name: str, nested: bool) -> None:
    planted: dict[str, object] = {name: SECRETS[name]}
    data = json.dumps(HARMLESS | ({"deep": [planted, {"more": planted}]} if nested else planted)).encode()
    assert MASK in "".join(parse_settings(data).values())
    for kept in (without_secrets(data).decode(), "".join(parse_settings(data).values())):
        assert SECRETS[name] not in kept
        assert json.dumps(SECRETS[name])[1:-1] not in kept


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.lists(st.text(max_size=30), max_size=3),
        max_size=5,
    )
)
def test_taking_the_secrets_out_twice_is_taking_them_out_once(document: dict[str, object]) -> None:
    once = without_secrets(json.dumps(document).encode())
    assert without_secrets(once) == once
    assert parse_settings(once) == parse_settings(json.dumps(document).encode())


def test_a_number_keeps_every_digit() -> None:
    kept = without_secrets(b'{"password": "x", "fraction": 0.12345678901234567890123}')
    assert b"0.12345678901234567890123" in kept


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff", b"3", b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"])
def test_of_what_is_no_object_nothing_is_kept(data: bytes) -> None:
    assert without_secrets(data) == b""
    with pytest.raises(Refused):
        parse_settings(data)


def test_the_files_the_command_line_copies_are_source_code() -> None:
    assert [language_of(name) for name in ("main.py", "Main.CS", "research.ipynb", "config.json")] == [
        "python", "csharp", "notebook", None,
    ]  # fmt: skip
    assert not is_source("data.csv")


@given(st.text())
def test_the_text_of_a_source_file_is_exact(text: str) -> None:
    data = text.encode("utf-8", "replace")
    assert text_of(data) == (None if b"\0" in data else data.decode())


def test_bytes_that_are_no_text_have_none() -> None:
    assert text_of(b"\xff\xfe") is None


@given(st.dictionaries(st.text(), st.text(min_size=1), min_size=1))
def test_the_hash_of_a_folder_depends_on_paths_and_contents_and_on_nothing_else(files: dict[str, str]) -> None:
    listed = list(files.items())
    assert code_hash(listed) == code_hash(reversed(listed))
    path, sha256 = listed[0]
    assert code_hash([*listed[1:], (path, sha256 + "0")]) != code_hash(listed)
    assert code_hash([*listed[1:], (path + "0", sha256)]) != code_hash(listed)


def test_a_run_without_code_has_no_hash() -> None:
    assert code_hash([]) is None
