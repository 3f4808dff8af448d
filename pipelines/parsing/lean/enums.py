"""LEAN's enum numbers by name.

Holds: the integers that LEAN's C# writes into result files, with our snake-case names.
Belongs here: an enum of the engine.
Never here: the integers of quantconnect-stubs, which count members and are not the runtime values.
"""

from __future__ import annotations

ORDER_TYPES = {
    0: "market",
    1: "limit",
    2: "stop_market",
    3: "stop_limit",
    4: "market_on_open",
    5: "market_on_close",
    6: "option_exercise",
    7: "limit_if_touched",
    8: "combo_market",
    9: "combo_limit",
    10: "combo_leg_limit",
    11: "trailing_stop",
}
ORDER_STATUSES = {
    0: "new",
    1: "submitted",
    2: "partially_filled",
    3: "filled",
    5: "canceled",
    6: "none",
    7: "invalid",
    8: "cancel_pending",
    9: "update_submitted",
}
EVENT_STATUSES = {
    "new": "new",
    "submitted": "submitted",
    "partiallyFilled": "partially_filled",
    "filled": "filled",
    "canceled": "canceled",
    "none": "none",
    "invalid": "invalid",
    "cancelPending": "cancel_pending",
    "updateSubmitted": "update_submitted",
}
ORDER_DIRECTIONS = {0: "buy", 1: "sell", 2: "hold"}
TRADE_DIRECTIONS = {0: "long", 1: "short"}
SECURITY_TYPES = {
    0: "base",
    1: "equity",
    2: "option",
    3: "commodity",
    4: "forex",
    5: "future",
    6: "cfd",
    7: "crypto",
    8: "future_option",
    9: "index",
    10: "index_option",
    11: "crypto_future",
}
PRICE_ADJUSTMENTS = {
    0: "raw",
    1: "adjusted",
    2: "split_adjusted",
    3: "total_return",
    4: "forward_panama_canal",
    5: "backwards_panama_canal",
    6: "backwards_ratio",
    7: "scaled_raw",
}
BROKERAGES = {
    0: "default",
    1: "interactive_brokers",
    2: "tradier",
    3: "oanda",
    4: "fxcm",
    5: "bitfinex",
    6: "binance",
    12: "gdax",
    13: "alpaca",
    14: "alpha_streams",
    15: "zerodha",
    16: "samco",
    17: "atreyu",
    18: "trading_technologies",
    19: "kraken",
    20: "ftx",
    21: "ftx_us",
    22: "exante",
    23: "binance_us",
    24: "wolverine",
    25: "td_ameritrade",
    26: "binance_futures",
    27: "binance_coin_futures",
    28: "rbi",
    29: "bybit",
    30: "eze",
    31: "axos",
    32: "coinbase",
    33: "trade_station",
    34: "terminal_link",
    35: "charles_schwab",
    36: "tastytrade",
    37: "interactive_brokers_fix",
    38: "dydx",
    39: "webull",
    40: "public",
    41: "bloomberg_fix",
}

# LEAN names three classes of time in force; good-till-cancelled is written as an empty object.
TIMES_IN_FORCE = {
    "GoodTilCanceledTimeInForce": "good_til_canceled",
    "DayTimeInForce": "day",
    "GoodTilDateTimeInForce": "good_til_date",
}
