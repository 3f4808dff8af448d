"""`tomking demo` and `tomking ui`: the whole loop on recordings, and the Dagster UI.

Holds: preparing the demonstration instance, running the algorithm on the stand-in for LEAN, the summary.
Belongs here: what only the demonstration does.
Never here: stages of the loop.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table, progress_bar
from pipelines.config import CONFIG_NAME, Settings
from pipelines.dagster_home import REPOSITORY, dagster_environment
from pipelines.errors import ConfigurationError, TomkingError
from pipelines.steps.jobs import job
from pipelines.steps.nightly import Report, StageOutcome, run_stages
from tomking.kernel.contracts import current_key
from warehouse.access import Warehouse

DEMO = REPOSITORY / "demo"
DEPLOYMENT = "demo"
ALGORITHM_ID = "TomKing"
BACKTEST_PERIOD = ("2019-12-02", "2020-02-28")

SUMMARY: dict[str, str] = {
    "runs": "select name, mode, state, orders, fills, parameter_set_id from marts.runs order by started_at, name",
    "fees": "select account, count(*) as legs, sum(modelled) as modelled, sum(expected) as expected, sum(charged) as charged, "
    "sum(difference) as difference from marts.fee_reconciliation group by all order by account",
    "causes of the difference": "select account, component, cause, count(*) as legs, sum(amount) as amount from marts.fee_causes "
    "group by all order by account, component, cause",
    "breaks": "select account, cause, state, lean_order_id, symbol, session_date, amount from marts.breaks "
    "order by account, session_date, cause",
    "fee levels that statements suggest": "select account, component, product, effective_from, replaces_amount, interval_low, "
    "interval_high, fills, state from records.fee_rate_proposals order by account, effective_from",
    "regime of the last day": "select universe, session_date, regime, mean_correlation, score, reason from marts.regimes "
    "qualify row_number() over (partition by universe order by session_date desc) = 1 order by universe",
    "parameter sets": "select parameter_set_id, state, effective_from, data_through, acknowledged_by_run is not null as acknowledged, "
    "sha256 from marts.parameter_sets order by effective_from",
}


@click.command("demo")
@click.option(
    "--instance",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEMO / "instance",
    help="where everything is made; default: demo/instance",
)
@json_option
@pass_session
def demo(session: Session, instance: Path) -> None:
    """Run the loop on the recordings in demo/: ingest, reconcile, regimes, calibrate, publish, run, acknowledge."""
    if not (DEMO / CONFIG_NAME).is_file():
        raise ConfigurationError(
            "the demonstration's recordings are not here",
            where=str(DEMO),
            remedy="run it in a checkout of the repository",
        )
    session.config_path = prepare(instance.absolute())
    settings, warehouse = session.settings, session.warehouse
    warehouse.create_or_upgrade()
    with progress_bar("demo", quiet=session.as_json) as progress:
        changed = _loop(warehouse, settings, progress)
        ran = run_algorithm(settings)
        changed = _loop(warehouse, settings, progress) or changed
    summarise(session, changed=changed or ran)


def prepare(instance: Path) -> Path:
    """Make the instance's folders and configuration, put the recorded statements in its inbox; return the configuration."""
    for name in ("results", "storage", "inbox"):
        (instance / name).mkdir(parents=True, exist_ok=True)
    text = (DEMO / CONFIG_NAME).read_text(encoding="utf-8")
    config = instance / CONFIG_NAME
    config.write_text(text.replace('"../', f'"{DEMO}/'), encoding="utf-8")
    for statement in sorted((DEMO / "statements").rglob("*.csv")):
        target = instance / "inbox" / statement.relative_to(DEMO / "statements")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(statement, target)
    return config


def _loop(warehouse: Warehouse, settings: Settings, progress: Report) -> bool:
    """One pass over the stages; a pass that changed something is recorded as the nightly job."""
    outcomes: list[StageOutcome] = run_stages(warehouse, settings, progress)
    changed = any(outcome.changed for outcome in outcomes)
    if changed:
        with job(warehouse, "nightly"):
            pass
    return changed


def run_algorithm(settings: Settings) -> bool:
    """Run algorithm/main.py on the stand-in for LEAN with the published set, once per set; True if it ran.

    Raises TomkingError with the end of the stand-in's output when the run fails.
    """
    current = settings.object_store / current_key(DEPLOYMENT)
    if not current.is_file():
        raise TomkingError(
            "no parameter set was published", where=str(current), remedy="`tomking parameters list` says why"
        )
    results = settings.root / "results" / f"{ALGORITHM_ID.lower()}-demo"
    if (results / f"{ALGORITHM_ID}.json").is_file():
        return False
    command = [
        sys.executable,
        "-m",
        "tests.lean_double",
        "--algorithm",
        str(REPOSITORY / "algorithm" / "main.py"),
        "--data",
        str(DEMO / "lean_data"),
        "--results",
        str(results),
        "--object-store",
        str(settings.object_store),
        "--algorithm-id",
        ALGORITHM_ID,
        "--parameter",
        f"deployment={DEPLOYMENT}",
        "--parameter",
        f"start={BACKTEST_PERIOD[0]}",
        "--parameter",
        f"end={BACKTEST_PERIOD[1]}",
    ]
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        raise TomkingError(
            "the algorithm's run failed", where=str(results), why=(finished.stderr or finished.stdout)[-2000:]
        )
    return True


def summarise(session: Session, *, changed: bool) -> None:
    """Print what the loop came to."""
    answers = {}
    with session.warehouse.reader() as connection:
        for title, query in SUMMARY.items():
            answer = connection.execute(query)
            answers[title] = ([column[0] for column in answer.description or ()], answer.fetchall())
    if session.as_json:
        document = {
            title: [dict(zip(columns, row, strict=True)) for row in rows] for title, (columns, rows) in answers.items()
        }
        print_json({**document, "changed": changed})
        return
    for title, (columns, rows) in answers.items():
        print_table(title, columns, rows)
    console.print("something was new" if changed else "nothing changed since the last demonstration")
    console.print(
        f"next: make ui, or TOMKING_CONFIG={session.settings.root} .venv/bin/tomking sql 'select * from marts.fills'"
    )


@click.command("ui")
@click.option("--port", default=3000, show_default=True, help="port on this machine")
@pass_session
def ui(session: Session, port: int) -> None:
    """Serve the Dagster UI of this instance on http://127.0.0.1:PORT until it is stopped."""
    environment = dagster_environment(session.settings)
    console.print(f"http://127.0.0.1:{port} (stop with Ctrl-C)")
    arguments = ["-m", "dagster", "dev", "-m", "pipelines.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.chdir(_code_folder())
    os.execve(sys.executable, [sys.executable, *arguments], environment)


def _code_folder() -> Path:
    """A folder from which Dagster does not pick up a stray `.env`, `dagster.yaml` or `pyproject.toml` of the user."""
    return REPOSITORY if (REPOSITORY / "pyproject.toml").is_file() else Path.home()
