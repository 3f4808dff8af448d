"""Account numbers stay out of everything that is kept or shown.

Holds: masking of account numbers in names and texts, and the log filter that applies it.
Belongs here: the shape of an account number of a broker we read.
Never here: aliases and their configuration.

Statements carry the account in their file name, sometimes in a description or in an error's text. What reaches the
warehouse, a log or the screen goes through `redact_name` or `redact_text` first.
"""

from __future__ import annotations

import logging
import re

MASK = "REDACTED"

_START, _STOP = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_NUMBERS = re.compile(
    _START + r"(?:"
    r"x?5W[A-Z0-9][0-9]{4,6}"  # tastytrade; its exports put an x before it
    r"|D?[UFI][0-9]{6,9}"  # Interactive Brokers, D for paper accounts
    r")" + _STOP,
    re.IGNORECASE,
)
# Elsewhere account numbers are digits like any other number: only their label gives them away.
_LABELLED = re.compile(
    r"(?P<label>\b(?:account|acct)s?[\s_-]*(?:number|numbers|no\.?|id|hash|reference)?[\"']?\s*[:=#]?\s*[\"']?)"
    r"(?P<number>(?![0-9]{4}-[0-9]{2}-[0-9]{2})[A-Za-z*.-]*[0-9]{4,}[A-Za-z0-9]*)" + _STOP,
    re.IGNORECASE,
)
_NAME_TOKEN = re.compile(r"[A-Za-z0-9]+")
_BROKER_WORDS = frozenset(
    {
        "tastytrade",
        "tastyworks",
        "schwab",
        "tda",
        "thinkorswim",
        "ibkr",
        "individual",
        "joint",
        "ira",
        "roth",
        "account",
    }
)
_DATE_DIGITS = (6, 8)


def redact_text(text: str) -> str:
    """The text with account numbers replaced by `REDACTED`; order numbers, symbols and dates stay."""
    return _LABELLED.sub(lambda match: match["label"] + MASK, _NUMBERS.sub(MASK, text))


def redact_name(name: str) -> str:
    """A file name or path fit to be kept.

    Beyond `redact_text`: in the name of a broker's file a token of five or more digits that is no date is taken for an
    account number (`tastyworks_transactions_<account>_<from>_<to>.csv`).
    """
    folder, slash, file = redact_text(name).rpartition("/")
    tokens = _NAME_TOKEN.findall(file)
    if any(token.lower() in _BROKER_WORDS for token in tokens):
        file = _NAME_TOKEN.sub(lambda match: MASK if _like_account(match[0]) else match[0], file)
    return folder + slash + file


def _like_account(token: str) -> bool:
    digits = sum(character.isdigit() for character in token)
    return digits >= 5 and not (token.isdigit() and _is_date(token))


def _is_date(digits: str) -> bool:
    if len(digits) not in _DATE_DIGITS:
        return False
    year_first = (int(digits[-4:-2]), int(digits[-2:]))
    month_first = (int(digits[:2]), int(digits[2:4]))
    return any(1 <= month <= 12 and 1 <= day <= 31 for month, day in (year_first, month_first))


class AccountNumberFilter(logging.Filter):
    """Masks account numbers in every log record it sees: message, arguments, traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites the record in place and lets it pass."""
        message = record.getMessage()
        redacted = redact_text(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact_text(record.exc_text)
        if record.stack_info:
            record.stack_info = redact_text(record.stack_info)
        return True
