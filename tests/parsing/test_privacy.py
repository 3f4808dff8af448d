"""Account numbers: masked wherever they may appear, and nothing else is."""

from __future__ import annotations

import io
import logging

import pytest

from pipelines.privacy import AccountNumberFilter, redact_name, redact_text


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (
            "tastytrade_transactions_history_x5WX00000_191130_to_200313.csv",
            "tastytrade_transactions_history_REDACTED_191130_to_200313.csv",
        ),
        (
            "/in/5WX12345/tastyworks_transactions_5WX12345_2019-01-01_2019-12-31.csv",
            "/in/REDACTED/tastyworks_transactions_REDACTED_2019-01-01_2019-12-31.csv",
        ),
        (
            "tastyworks_transactions_123456789_20190101_20191231.csv",
            "tastyworks_transactions_REDACTED_20190101_20191231.csv",
        ),
        ("U1234567_2025.xml", "REDACTED_2025.xml"),
        ("DU7654321.csv", "REDACTED.csv"),
        (
            "transaction_history_Individual-12345678_05_27_2021.csv",
            "transaction_history_Individual-REDACTED_05_27_2021.csv",
        ),
        ("statement of march 2025.csv", "statement of march 2025.csv"),
        ("SPY_20200313_83000616.csv", "SPY_20200313_83000616.csv"),
    ],
)
def test_a_file_name_keeps_its_dates_and_loses_its_account(name: str, kept: str) -> None:
    assert redact_name(name) == kept
    assert redact_name(kept) == kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Transfer to 5WX00042 done", "Transfer to REDACTED done"),
        ("x5wx00042", "REDACTED"),
        ('{"account-number": "SENTINEL-5WX00042"}', '{"account-number": "SENTINEL-REDACTED"}'),
        ("account number: 87654321.", "account number: REDACTED."),
        ("Acct #XXXX-1234", "Acct #REDACTED"),
        ("accountId=U1234567;", "accountId=REDACTED;"),
        ("order 401000003 of XYZ   250314P00050000", "order 401000003 of XYZ   250314P00050000"),
        ("./MESZ5EXX5  251128P6300", "./MESZ5EXX5  251128P6300"),
        ("account 2026-11-16 was read", "account 2026-11-16 was read"),
        ("account main, 122 rows", "account main, 122 rows"),
    ],
)
def test_a_text_loses_account_numbers_and_keeps_orders_symbols_and_dates(text: str, kept: str) -> None:
    assert redact_text(text) == kept


def logged(message: str, *arguments: object, error: Exception | None = None) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(AccountNumberFilter())
    logger = logging.Logger("privacy", logging.DEBUG)
    logger.addHandler(handler)
    try:
        if error is not None:
            raise error
        logger.info(message, *arguments)
    except ValueError:
        logger.exception(message, *arguments)
    return stream.getvalue()


def test_logs_lose_account_numbers_in_message_arguments_and_traceback() -> None:
    assert logged("read 5WX00042") == "read REDACTED\n"
    assert logged("read %s and %d rows", "/in/x5WX00042.csv", 7) == "read /in/REDACTED.csv and 7 rows\n"
    failed = logged("failed", error=ValueError("no such account: U1234567"))
    assert "REDACTED" in failed
    assert "U1234567" not in failed


def test_other_log_records_pass_as_they_are() -> None:
    assert logged("%s rows of %s", 12, "XYZ") == "12 rows of XYZ\n"
