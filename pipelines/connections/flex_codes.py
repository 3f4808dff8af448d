"""The codes with which Interactive Brokers' Flex Web Service says that it gives no report.

Holds: each documented code, whether asking again helps, and what to do where it does not.
Belongs here: the table of IBKR's guide to the Flex Web Service, version 3.
Never here: asking (`ibkr_flex`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

PORTAL: Final = "Client Portal, Performance & Reports, Flex Queries, Flex Web Service Configuration"


@dataclass(frozen=True, slots=True)
class FlexCode:
    """`passing`: the same request may succeed shortly. `remedy`: what a person can do where it does not."""

    meaning: str
    passing: bool
    remedy: str


_LATER: Final = "fetch again later"
_NEW_TOKEN: Final = f"make a new token ({PORTAL}) and store it"


CODES: Final[Mapping[int, FlexCode]] = {
    1001: FlexCode("the statement could not be generated", True, _LATER),
    1003: FlexCode("the statement is not available", False, "see that the query's period has a closed session"),
    1004: FlexCode("the statement is incomplete", True, _LATER),
    1005: FlexCode("settlement data are not ready", True, _LATER),
    1006: FlexCode("FIFO profit and loss data are not ready", True, _LATER),
    1007: FlexCode("mark-to-market data are not ready", True, _LATER),
    1008: FlexCode("mark-to-market and FIFO data are not ready", True, _LATER),
    1009: FlexCode("the server is under heavy load", True, _LATER),
    1010: FlexCode("a legacy Flex query", False, "make it again as an Activity Flex Query"),
    1011: FlexCode("the service account is inactive", False, f"switch the service on ({PORTAL})"),
    1012: FlexCode("the token has expired", False, _NEW_TOKEN),
    1013: FlexCode("the token is bound to another IP address", False, f"allow this machine's address ({PORTAL})"),
    1014: FlexCode("the query is invalid", False, "compare `queries` in tomking.toml with the ids in Client Portal"),
    1015: FlexCode("the token is invalid", False, _NEW_TOKEN),
    1016: FlexCode("the account is invalid", False, "see which accounts the query was made for"),
    1017: FlexCode("the reference code is invalid", False, _LATER),
    1018: FlexCode("too many requests with this token", True, _LATER),
    1019: FlexCode("the statement is being generated", True, _LATER),
    1020: FlexCode(
        "the request is invalid or cannot be validated", False,
        "compare query id and token with Client Portal; a new query takes some minutes to be known",
    ),
    1021: FlexCode("the statement could not be retrieved", True, _LATER),
}  # fmt: skip
IN_PROGRESS: Final = 1019
STALE_REFERENCE: Final = 1017
THROTTLED: Final = 1018


def describe(code: int) -> FlexCode:
    """What a code means. One that is not documented is told with the broker's own words and not asked again."""
    known = CODES.get(code)
    return known or FlexCode("a code that IBKR does not document", False, "read the broker's message; " + _LATER)
