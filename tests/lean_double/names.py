"""LEAN's enumerations, with the integers of its result files.

Holds: the enums an algorithm meets.
Belongs here: names and numbers.
Never here: behaviour.
"""

from __future__ import annotations

from enum import Enum, IntEnum


class Resolution(IntEnum):
    TICK = 0
    SECOND = 1
    MINUTE = 2
    HOUR = 3
    DAILY = 4


class SecurityType(IntEnum):
    BASE = 0
    EQUITY = 1
    OPTION = 2
    INDEX = 9


class OptionRight(IntEnum):
    CALL = 0
    PUT = 1


class OptionStyle(IntEnum):
    AMERICAN = 0
    EUROPEAN = 1


class OrderType(IntEnum):
    MARKET = 0
    LIMIT = 1
    OPTION_EXERCISE = 6
    COMBO_MARKET = 8
    COMBO_LIMIT = 9


class OrderStatus(IntEnum):
    NEW = 0
    SUBMITTED = 1
    PARTIALLY_FILLED = 2
    FILLED = 3
    CANCELED = 5
    NONE = 6
    INVALID = 7
    CANCEL_PENDING = 8
    UPDATE_SUBMITTED = 9


class OrderDirection(IntEnum):
    BUY = 0
    SELL = 1
    HOLD = 2


class DataNormalizationMode(IntEnum):
    RAW = 0
    ADJUSTED = 1


class AccountType(IntEnum):
    MARGIN = 0
    CASH = 1


class SeriesType(IntEnum):
    LINE = 0
    SCATTER = 1
    CANDLE = 2
    BAR = 3


class BrokerageName(IntEnum):
    DEFAULT = 0
    INTERACTIVE_BROKERS_BROKERAGE = 1
    CHARLES_SCHWAB = 35
    TASTYTRADE = 36


class DayOfWeek(IntEnum):
    SUNDAY = 0
    MONDAY = 1
    TUESDAY = 2
    WEDNESDAY = 3
    THURSDAY = 4
    FRIDAY = 5
    SATURDAY = 6


class Market(str, Enum):  # noqa: UP042 - LEAN's markets are plain texts
    USA = "usa"


OPEN_STATUSES = (
    OrderStatus.NEW,
    OrderStatus.SUBMITTED,
    OrderStatus.PARTIALLY_FILLED,
    OrderStatus.UPDATE_SUBMITTED,
    OrderStatus.CANCEL_PENDING,
)

STATUS_TEXT = {
    OrderStatus.NEW: "new",
    OrderStatus.SUBMITTED: "submitted",
    OrderStatus.PARTIALLY_FILLED: "partiallyFilled",
    OrderStatus.FILLED: "filled",
    OrderStatus.CANCELED: "canceled",
    OrderStatus.INVALID: "invalid",
    OrderStatus.CANCEL_PENDING: "cancelPending",
    OrderStatus.UPDATE_SUBMITTED: "updateSubmitted",
}
"""Statuses as order-event files spell them."""
