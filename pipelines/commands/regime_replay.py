"""`tomking regimes replay`: a fixed book walked through history: what its warnings and suggestions were worth.

Holds: the command and its tables.
Belongs here: options, the book's spelling, the form of output.
Never here: the replay's arithmetic (`pipelines.transforms.regimes.book_replay`), the warning (`tomking.kernel.concentration`).
"""

from __future__ import annotations

import math
from pathlib import Path

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table
from pipelines.commands.regime_score import PACKAGED, packaged, read_closes
from pipelines.errors import TomkingError
from pipelines.transforms.regimes.book_replay import (
    HORIZON,
    SuggestionReplay,
    WarningReplay,
    replay_suggestions,
    replay_warnings,
)
from pipelines.transforms.regimes.universes import make_universe
from tomking.kernel.concentration import ConcentrationLimits
from tomking.kernel.parameters import default_values


@click.command("replay")
@click.argument("closes", metavar="CSV")
@click.option(
    "--book", "positions", multiple=True, metavar="SERIES=MONEY", help="an exposure; default: one unit of every series"
)
@click.option("--loss", default=0.05, show_default=True, help="share of gross exposure that counts as a loss")
@click.option("--newest", default=12, show_default=True, help="how many of the newest losses to list")
@json_option
@pass_session
def replay(session: Session, /, *, closes: str, positions: tuple[str, ...], loss: float, newest: int) -> None:
    """Walk a book of exposures through the closes of CSV (or `sp500`): warnings of concentration, then suggestions."""
    table = packaged()[0] if closes == PACKAGED else read_closes(Path(closes))
    try:
        universe = make_universe(table.names, table.dates, table.closes)
        book = _book(positions, universe.names)
        limits = ConcentrationLimits.from_values(default_values())
        warned = replay_warnings(universe.dates, universe.returns, book, limits, loss)
    except ValueError as error:
        raise TomkingError(
            "the book cannot be replayed",
            where=closes,
            why=str(error),
            remedy="name series of the table that have prices on most of its days, as SERIES=MONEY",
        ) from error
    advised = replay_suggestions(universe.dates, universe.returns, book)
    if session.as_json:
        print_json({"book": dict(zip(universe.names, book, strict=True)), "warnings": warned, "suggestions": advised})
        return
    _print_warnings(warned, newest)
    _print_suggestions(advised)


def _book(positions: tuple[str, ...], names: tuple[str, ...]) -> list[float]:
    if not positions:
        return [1.0] * len(names)
    held: dict[str, float] = {}
    for position in positions:
        name, parted, amount = position.rpartition("=")
        try:
            held[name] = float(amount)
        except ValueError:
            held[name] = math.nan
        if not parted or name not in names or not math.isfinite(held[name]):
            raise ValueError(f"{position!r} is no SERIES=MONEY with one of {', '.join(names)}")
    return [held.get(name, 0.0) for name in names]


def _print_warnings(found: WarningReplay, newest: int) -> None:
    rows = [
        (str(one.day), f"{one.share:.1%}", str(one.alarm or ""), "" if one.lead is None else str(one.lead))
        for one in found.losses[-newest:]
    ]
    print_table("losses, and the warning before each", ("loss", "fallen", "warned since", "sessions before"), rows)
    caught = sum(one.alarm is not None for one in found.losses)
    console.print(
        f"{found.first} to {found.last}: {caught} of {len(found.losses)} losses of {found.loss:.0%} had a warning; "
        f"{len(found.alarms)} warnings, {len(found.false_alarms)} of them false ({found.false_a_year:.2f} a year); "
        f"warned on {found.share_of_days:.0%} of the days, which is the share of losses that chance would give a warning",
        markup=False,
    )


def _print_suggestions(found: SuggestionReplay | None) -> None:
    if found is None:
        console.print("no suggestion on any day: nothing would have helped", markup=False)
        return
    rows = [
        ("as the suggestion said", f"{found.expected:.3f}", ""),
        ("as it came", f"{found.realised:.3f}", _range(found.interval)),
        ("all positions cut alike", f"{found.plain:.3f}", ""),
        ("gained over cutting all alike", f"{found.gain:+.3f}", _range(found.gain_interval)),
        ("mean loss on the worst 5 % of days", f"{found.worse_days:.3f}", ""),
    ]
    title = f"volatility of the next {HORIZON} sessions over that of doing nothing, {found.months} suggestions followed"
    print_table(title, ("", "ratio", "90 %"), rows)


def _range(interval: tuple[float, float]) -> str:
    return f"{interval[0]:.3f} to {interval[1]:.3f}"
