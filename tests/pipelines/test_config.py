"""The configuration file: what is accepted, what is refused, and how it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.config import CONFIG_VARIABLE, find_config, load_settings, settings_from
from pipelines.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def settings(**document: object) -> object:
    return settings_from(document, Path("/somewhere/tomking.toml"))


def test_relative_paths_start_at_the_folder_of_the_file() -> None:
    loaded = settings_from({"paths": {"state": "s", "inbox": "/elsewhere"}}, Path("/somewhere/tomking.toml"))
    assert loaded.state_dir == Path("/somewhere/s")
    assert loaded.inbox == Path("/elsewhere")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"accounts": [{"alias": "a"}, {"alias": "a"}]}, "'a' stands twice"),
        ({"accounts": [{"alias": "a", "broker": "nobody"}]}, "'nobody' is not one of"),
        ({"accounts": [{"alias": "a", "number": "5WX"}]}, "number"),
        ({"deployments": [{"name": "d", "mode": "demo"}]}, "'demo' is not one of"),
        ({"deployments": [{"name": "d", "mode": "live", "account": "b"}]}, "'b', which is not configured"),
        (
            {"accounts": [{"alias": "a"}], "deployments": [{"name": "d", "mode": "paper", "account": "a"}]},
            "only a live deployment trades in an account",
        ),
        ({"calibration": {"universe": "x"}}, "'x' is not configured"),
        ({"lean": {"stale_after_hours": "soon"}}, "stale_after_hours"),
    ],
)
def test_a_contradiction_is_refused_by_name(document: dict[str, object], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        settings(**document)


def test_the_example_file_is_a_valid_configuration() -> None:
    loaded = load_settings(ROOT / "tomking.example.toml")
    assert [account.alias for account in loaded.accounts] == ["main"]


def test_the_environment_variable_names_the_instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tomking.toml").write_text("", encoding="utf-8")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path))
    assert find_config() == tmp_path / "tomking.toml"


def test_a_missing_file_names_the_command_that_makes_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(CONFIG_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match="tomking init"):
        find_config()


def test_a_broken_file_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "tomking.toml").write_text("[paths\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="line 1"):
        load_settings(tmp_path)
