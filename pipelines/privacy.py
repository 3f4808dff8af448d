"""Account numbers and secrets stay out of everything that is kept or shown.

Holds: masking of account numbers in names and texts, of secrets in settings, and the log filter that applies it.
Belongs here: the shape of an account number of a broker we read, of a setting that may be a secret.
Never here: aliases and their configuration.

Statements carry the account in their file name, sometimes in a description or in an error's text. What reaches the
warehouse, a log or the screen goes through `redact_name` or `redact_text` first.
"""

from __future__ import annotations

import json
import logging
import re
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "REDACTED"

_START, _STOP = r"(?<![A-Za-z0-9])", r"(?![A-Za-z0-9])"
_NUMBERS = re.compile(
    _START + r"(?:"
    r"x?5W[A-Z0-9][0-9]{4,6}"  # tastytrade; its exports put an x before it
    r"|D?[UFI][0-9]{6,9}[A-Z]?"  # Interactive Brokers, D for paper accounts, a letter for a segment
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
# Settings of LEAN's command line and engine that are known and harmless, whatever their values look like.
_OPEN_SETTINGS = frozenset(
    {
        "id", "container", "backtest-name", "brokerage", "environment", "debugport", "debugging", "debugging-method",
        "algorithm-id", "algorithm-type-name", "algorithm-language", "algorithm-location", "project-name",
        "data-folder", "data-provider-historical", "data-provider-live", "image", "lean-version", "python-venv",
        "optimization-strategy", "optimization-criterion.target", "optimization-criterion.extremum",
    }
)  # fmt: skip
_SECRET_WORDS = re.compile(
    r"(?:^|[^a-z])(?:api|auth\w*|bearer|cert\w*|cookie\w*|cred\w*|hash|jwt|key|keys|licen[cs]e\w*|login|otp|pass\w*|pin|"
    r"private|pwd|refresh|seed|session\w*|sign\w*|ssh|totp|user|username|client|account\w*|acct\w*)(?:[^a-z]|$)"
    r"|token|secret|password|passphrase|apikey|accesskey|credential|userid|clientid",
)
_CAMEL_JOINT = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# A token looks like nothing a person would type: long, without blanks, letters and digits mixed.
_OPAQUE = re.compile(r"(?=\S*[0-9])(?=\S*[A-Za-z])[A-Za-z0-9+/=_.\-]{20,}")
_LOGIN_IN_ADDRESS = re.compile(r"://[^/\s@]+@")
_PLAIN_VALUE = re.compile(r"[A-Za-z]:?[\\/].*|/.*|\d{4}-\d{2}-\d{2}[T _]\S+|[0-9.]+")


_secrets: set[str] = set()


def keep_secret(value: str) -> None:
    """Mask this value from now on in everything that is redacted: as it is, and as an address or JSON spells it."""
    _secrets.update({value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]})


def redact_text(text: str) -> str:
    """The text with account numbers and credentials replaced by `REDACTED`; order numbers, symbols and dates stay."""
    # The longest first: one credential may be the beginning of another.
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return _LABELLED.sub(lambda match: match["label"] + MASK, _NUMBERS.sub(MASK, text))


def redact_json(text: str) -> str:
    """A JSON document as `redact_text` would have it, and still JSON."""
    if redact_text(text) == text:
        return text
    return json.dumps(_redacted(json.loads(text)), separators=(",", ":"), ensure_ascii=False)


def redact_setting(name: str, value: str) -> str:
    """The value of a setting fit to be kept: `REDACTED` where its name or its look may be a secret's.

    Unknown settings are judged by the words in their name and by whether the value looks like a token; a mask too
    many costs a word, a mask too few an account.
    """
    if name in _OPEN_SETTINGS:
        return redact_text(value)
    named = _SECRET_WORDS.search(_CAMEL_JOINT.sub("-", name).lower())
    looks = _OPAQUE.fullmatch(value) and not _PLAIN_VALUE.fullmatch(value)
    # A whole JSON document may stand in one setting.
    carries = _LOGIN_IN_ADDRESS.search(value) or (value[:1] in "{[" and _SECRET_WORDS.search(value.lower()))
    return MASK if value and (named or looks or carries) else redact_text(value)


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


def _redacted(value: Any, label: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _redacted(inner, f"{key}: ") for key, inner in value.items()}
    if isinstance(value, list):
        return [_redacted(inner, label) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    labelled = f"{label}{value}"
    if isinstance(value, str):
        return redact_text(labelled)[len(label) :] if redact_text(label) == label else redact_text(value)
    return value if redact_text(labelled) == labelled else MASK


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
