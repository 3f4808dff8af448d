"""Parameters that every strategy has under its own prefix: entry calendar, working of orders, vehicle.

Holds: functions that make those rows for one prefix.
Belongs here: a row that several strategies share in meaning, with defaults of their own.
Never here: a rule of one strategy.
"""

from __future__ import annotations

from tomking.kernel.parameter_specs.spec import CLOCK, TICKERS, WEEKDAY, ParameterSpec, number, whole, word


def vehicle(prefix: str, symbols: str, stands_for: str) -> tuple[ParameterSpec, ...]:
    """What is traded, and the product of the rule it stands for, both joined by `+`."""
    return (
        word(f"{prefix}.vehicle", symbols, TICKERS, "Underlying whose options are traded.", "decision: vehicle on LEAN"),
        word(f"{prefix}.stands_for", stands_for, TICKERS, "Product of the rule it stands for.",
             "decision: vehicle on LEAN"),
    )  # fmt: skip


def entry(prefix: str, weekday: str, week: str, hours: str, source: str) -> tuple[ParameterSpec, ...]:
    """The entry calendar; `hours` reads `10:30 to 14:00`."""
    first, _, last = hours.partition(" to ")
    return (
        word(f"{prefix}.entry_weekday", weekday, WEEKDAY, "Weekday on which an entry is allowed.", source),
        whole(f"{prefix}.entry_week", week, "0 to 4 week of the month",
              "Which such weekday of the month; 0 stands for each of them.", source),
        word(f"{prefix}.entry_from", first, CLOCK, "New York time from which an entry is allowed.", source),
        word(f"{prefix}.entry_until", last, CLOCK, "New York time after which nothing is opened.", source),
    )  # fmt: skip


def pricing(
    prefix: str,
    *,
    minutes: str = "30",
    step: str = "0.05",
    first: str = "0",
    share: str = "0.5",
    attempts: str = "6",
) -> tuple[ParameterSpec, ...]:
    """How orders are worked."""
    return (
        whole(f"{prefix}.reprice_minutes", minutes, "1 to 390 minutes",
              "Time an order rests before it is priced anew.", "ours", step="30"),
        number(f"{prefix}.reprice_step", step, "0.01 to 1 USD per share",
               "Concession from the mid with each new price.", "ours: the option's price increment", step="0.05"),
        number(f"{prefix}.reprice_first", first, "0 to 1 share of the way to the other side",
               "Share of the way from the mid to the side that is there that the first order goes.",
               "ours: the mid, where there is time", step="0.25"),
        number(f"{prefix}.reprice_share", share, "0 to 1 share of the way to the other side",
               "Share of the way from the mid to the side that is there that each new price goes, where it is more.",
               "ours: quotes of four legs are wider than a fixed step reaches in one session", step="0.25"),
        whole(f"{prefix}.reprice_attempts", attempts, "1 to 50 orders",
              "Orders after which an opening is given up; a close is never given up.", "ours", step="5"),
    )  # fmt: skip
