"""Run parameters are taken as text; what cannot be used stops the run with its name."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from tomking.adapters.settings import RunSettings, SettingRefused


def test_defaults_hold_where_nothing_is_given() -> None:
    settings = RunSettings.read(lambda name: None)
    assert (settings.start, settings.end) == (date(2019, 12, 2), date(2020, 3, 31))
    assert (settings.cash, settings.deployment, settings.brokerage) == (Decimal(250_000), "demo", "tastytrade")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("start", "2019-13-01"),
        ("end", "2019-01-01"),
        ("cash", "much"),
        ("cash", "-1"),
        ("cash", "NaN"),
        ("brokerage", "robin"),
        ("resolution", "tick"),
        ("strategies", "strangle+martingale"),
        ("fee_model", "free"),
        ("without", "gate"),
        ("sets", "tomorrow"),
        ("refresh_minutes", "0"),
        ("refresh_minutes", "1.5"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(SettingRefused, match=f"^{name}: "):
        RunSettings.read({name: text}.get)
