"""`tomking regimes score`: how good the labels are on any universe of daily closes.

Holds: the command, its tables, reading its files.
Belongs here: options and the form of output.
Never here: the score's arithmetic (`pipelines.transforms.regimes.scoring`).
"""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from pipelines.commands.output import Session, console, errors, json_option, pass_session, print_json, print_table
from pipelines.errors import TomkingError
from pipelines.parsing.prices.closes_csv import ClosesTable, parse_closes
from pipelines.parsing.refusals import Refused
from pipelines.transforms.regimes.scene import make_scene
from pipelines.transforms.regimes.scores import BACKGROUND, MEASURES, Measure
from pipelines.transforms.regimes.scoring import UniverseScore, score_universe
from pipelines.transforms.regimes.universes import LARGEST_MOVE, Universe, UniverseRefused, make_universe

FIRST_JUDGED = 1_500
"""Closes before the first judged day."""
SHOWN_REFUSALS = 5
PACKAGED = "sp500"
PACKAGED_START = dt.date(1996, 1, 2)


@click.command("score")
@click.argument("closes", metavar="CSV")
@click.option(
    "--index",
    "index_path",
    type=click.Path(path_type=Path),
    help="CSV of the index whose falls count (date, close); default: equal parts of all series",
)
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%d"]), help=f"first judged day; default: after {FIRST_JUDGED:,} closes"
)
@click.option(
    "--largest-move",
    type=float,
    default=LARGEST_MOVE,
    show_default=True,
    help="a relative change of one day from here on counts as an error of the data; 0 believes everything",
)
@click.option("--no-ablation", is_flag=True, help="score only our labels and the reference's")
@json_option
@pass_session
def score(
    session: Session,
    /,
    *,
    closes: str,
    index_path: Path | None,
    start: dt.datetime | None,
    largest_move: float,
    no_ablation: bool,
) -> None:
    """Score regime labels on CSV: a date, then one column of daily closes a series, under any names.

    `sp500` in place of CSV takes the twenty stocks and the index that the optional extra `demo` brings.
    """
    table, index = packaged() if closes == PACKAGED else (read_closes(Path(closes)), None)
    if index_path is not None:
        index = read_closes(index_path)
    first = start.date() if start else PACKAGED_START if closes == PACKAGED else None
    try:
        universe = make_universe(table.names, table.dates, table.closes, largest_move=largest_move or None)
        scene = make_scene(
            universe.dates,
            universe.returns,
            _start(universe, first),
            None if index is None else _levels(index, universe.dates),
        )
    except ValueError as error:
        raise TomkingError(
            "the universe cannot be scored",
            where=closes,
            why=str(error),
            remedy="give longer histories, or leave out the series that are named",
        ) from error
    with console.status("scoring") if console.is_terminal else errors.status("scoring") as shown:
        found = score_universe(
            universe.dates,
            universe.returns,
            scene,
            ablation=not no_ablation,
            told=lambda name: shown.update(f"scoring: {name}"),
        )
    if session.as_json:
        print_json(_document(universe, scene.dates[scene.start], found, [episode.name for episode in scene.episodes]))
        return
    _print_universe(closes, table, universe, scene.dates[scene.start], [episode.name for episode in scene.episodes])
    _print_score(found)


def read_closes(path: Path) -> ClosesTable:
    """The table of a file. Raises TomkingError, with line and field, for one that is no table of closes."""
    try:
        return parse_closes(path.read_bytes())
    except Refused as error:
        place = error.refusal
        raise TomkingError(
            "the table of closes is refused",
            where=f"{path}" + (f", line {place.line}" if place.line else ""),
            why=place.reason + (f": {place.field}" if place.field else ""),
            remedy="the first line names the columns: a date, then one column a series",
        ) from error


def packaged() -> tuple[ClosesTable, ClosesTable]:
    """The twenty stocks and their index. Raises TomkingError where the optional extra that brings them is absent."""
    try:
        from skfolio.datasets import load_sp500_dataset, load_sp500_index  # noqa: PLC0415
    except ImportError as error:
        raise TomkingError(
            "the packaged prices are not installed", remedy="install the optional extra `demo`, or name a CSV"
        ) from error
    return tuple(_table(load()) for load in (load_sp500_dataset, load_sp500_index))  # type: ignore[return-value]


def _table(frame: Any) -> ClosesTable:
    names = tuple(str(name) for name in frame.columns)
    return ClosesTable(names, tuple(day.date() for day in frame.index), frame.to_numpy(dtype=np.float64), ())


def _start(universe: Universe, first: dt.date | None) -> dt.date | int:
    return first if first is not None else FIRST_JUDGED - 1


def _levels(index: ClosesTable, dates: tuple[dt.date, ...]) -> NDArray[np.float64]:
    """The index's last known close on each day. Raises UniverseRefused where it begins later than the universe."""
    known = np.isfinite(index.closes[:, -1])
    days = np.array(index.dates, dtype="datetime64[D]")[known]
    places = np.searchsorted(days, np.array(dates, dtype="datetime64[D]"), side="right") - 1
    if len(days) == 0 or places.min() < 0:
        raise UniverseRefused("the index begins after the universe")
    levels: NDArray[np.float64] = index.closes[known, -1][places]
    return levels


def _print_universe(name: str, table: ClosesTable, universe: Universe, first: dt.date, falls: list[str]) -> None:
    console.print(
        f"{name}: {len(universe.names)} series, {len(universe.dates):,} returns from {universe.dates[0]} to "
        f"{universe.dates[-1]}, judged from {first}; {universe.days_left_out} days left out because a series lacks them",
        markup=False,
    )
    console.print(f"falls that count: {', '.join(falls) or 'none lies within the judged days'}", markup=False)
    for series, why in universe.left_out:
        console.print(f"left out: {series}: {why}", markup=False)
    for series, day, change in universe.errors:
        console.print(f"taken for an error of the data: {series} {day} {change:+.0%}", markup=False)
    for refusal in table.refusals[:SHOWN_REFUSALS]:
        console.print(
            f"refused: line {refusal.line}, {refusal.field or 'the row'}: {refusal.reason} ({refusal.value or ''})",
            markup=False,
        )
    if len(table.refusals) > SHOWN_REFUSALS:
        console.print(f"refused: {len(table.refusals) - SHOWN_REFUSALS} more rows and cells", markup=False)


def _print_score(found: UniverseScore) -> None:
    rows = [
        (
            verdict.title,
            _shown(verdict.ours, measure),
            _interval(found.intervals.get(verdict.measure), measure),
            _shown(verdict.reference, measure),
            _interval(verdict.interval, measure),
            verdict.verdict,
        )
        for verdict, measure in zip(found.verdicts, MEASURES, strict=True)
    ]
    print_table("score", ("measure", "ours", "90 %", "reference", "90 %", ""), rows)
    others = list(found.scores)
    print_table(
        "every detector",
        ("measure", *others),
        [
            (measure.title, *(_shown(found.scores[name][measure.name], measure) for name in others))
            for measure in (*MEASURES, *BACKGROUND)
        ],
    )
    console.print(
        f"worse than the reference: {', '.join(found.worse) or 'nothing'}; clearly better: "
        f"{', '.join(found.clearly_better) or 'nothing'}; days that change when later ones are cut off: "
        f"{found.look_ahead_days}",
        markup=False,
    )


def _shown(value: float, measure: Measure) -> str:
    return "" if math.isnan(value) else f"{value:.{measure.places}f}"


def _interval(interval: tuple[float, float] | None, measure: Measure) -> str:
    if interval is None or math.isnan(interval[0]):
        return ""
    return f"{_shown(interval[0], measure)} to {_shown(interval[1], measure)}"


def _document(universe: Universe, first: dt.date, found: UniverseScore, falls: list[str]) -> dict[str, object]:
    return {
        "series": universe.names,
        "returns": len(universe.dates),
        "first_day": universe.dates[0],
        "judged_from": first,
        "last_day": universe.dates[-1],
        "days_left_out": universe.days_left_out,
        "left_out": [{"series": name, "why": why} for name, why in universe.left_out],
        "errors": [{"series": name, "day": day, "change": change} for name, day, change in universe.errors],
        "falls": falls,
        "verdicts": found.verdicts,
        "intervals": found.intervals,
        "scores": found.scores,
        "worse": found.worse,
        "clearly_better": found.clearly_better,
        "look_ahead_days": found.look_ahead_days,
    }
