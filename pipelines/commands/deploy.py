"""`tomking deploy`, `deployments`, `refresh`, `rollback`, `breaches`, `stop`: LEAN under this instance's care.

Holds: the commands.
Belongs here: options and what is printed.
Never here: the work (`pipelines.steps.launches.deploying`, `pipelines.steps.launches.refresh`).
"""

from __future__ import annotations

import getpass

import click

from pipelines.commands.output import (
    Session,
    console,
    counted,
    errors,
    json_option,
    pass_session,
    print_json,
    print_rows,
    print_table,
)
from pipelines.deployment.backends import BACKENDS
from pipelines.steps.launches.deploying import Launcher, LaunchOutcome, Plan
from pipelines.steps.launches.refresh import RefreshOutcome, refresh, roll_back
from pipelines.steps.parameters.breaches import WatchOutcome, look, watch

COLUMNS = (
    "launch_id",
    "deployment",
    "backend",
    "mode",
    "state",
    "parameter_set_id",
    "present_set_id",
    "refresh_state",
    "run_id",
    "run_state",
    "engine_version",
    "disagreements",
    "requested_by",
    "requested_at",
)
WATCH_COLUMNS = (
    "deployment",
    "parameter_set_id",
    "rule_id",
    "figure",
    "limit_value",
    "is_watched",
    "is_broken",
    "in_force_since",
    "evidence",
)
BREACH_COLUMNS = (
    "found_at",
    "deployment",
    "parameter_set_id",
    "rule_id",
    "figure",
    "limit_value",
    "evidence",
    "action",
    "actor",
    "to_set",
    "acknowledged_at",
)
_FAILED = ("refresh_refused", "refresh_timed_out")


def _launcher(session: Session) -> Launcher:
    def report(line: str) -> None:
        if line and not session.as_json:
            errors.print(f"  {line}", highlight=False, markup=False)

    return Launcher(session.warehouse, session.settings, report)


def _who(by: str | None) -> str:
    return by or getpass.getuser()


@click.command("deploy")
@click.argument("name")
@click.option("--set", "reference", help="publish this set first (an id, or the beginning of a sha256)")
@click.option("--by", help="who deploys; default: your user name")
@click.option("--why", default="", help="the reason, for the record")
@click.option("--flat", is_flag=True, help="paper: begin with the configured cash, whatever the run before left")
@click.option("--dry-run", is_flag=True, help="show what would be started; nothing is")
@json_option
@pass_session
def deploy(
    session: Session, name: str, *, reference: str | None, by: str | None, why: str, flat: bool, dry_run: bool
) -> None:
    """Start LEAN for the deployment NAME: a staged copy of the project, the published set, a record of both.

    A backtest or optimization is waited for and its results are read; a paper or live run goes on until `tomking stop`.
    """
    launcher = _launcher(session)
    if dry_run:
        _show_plan(launcher.preview(name, flat=flat))
        return
    _show(session, launcher.deploy(name, by=_who(by), why=why, reference=reference, flat=flat))


@click.command("deployments")
@click.argument("name", required=False)
@click.option("--backends", is_flag=True, help="what each way to start LEAN can and cannot do")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="at most so many")
@json_option
@pass_session
def deployments(session: Session, name: str | None, *, backends: bool, limit: int) -> None:
    """List launches, newest first (of the deployment NAME), and whether each run did what was deployed."""
    if backends:
        _show_backends(session)
        return
    _launcher(session).look_after(name)
    with session.writing("deployments") as reader:
        rows = reader.rows(
            f"SELECT {', '.join(COLUMNS)} FROM marts.launches WHERE ? IS NULL OR deployment = ? "
            "ORDER BY requested_at DESC, launch_id DESC LIMIT ?",
            [name, name, limit],
        )
        wrong = reader.rows(
            "SELECT launch_id, what, name, deployed, claimed FROM marts.launch_disagreements "
            "WHERE launch_id IN (SELECT launch_id FROM records.launches WHERE ? IS NULL OR deployment = ?) ORDER BY ALL",
            [name, name],
        )
    print_rows(session, counted(len(rows), "launch").replace("launchs", "launches"), COLUMNS, rows)
    if wrong and not session.as_json:
        print_table("not what was deployed", ("launch_id", "what", "name", "deployed", "claimed"), wrong)


@click.command("refresh")
@click.argument("name")
@click.option("--set", "reference", help="this set; default: the newest approved one, else the one in force")
@click.option("--by", help="who refreshes; default: your user name")
@click.option("--why", default="refresh", help="the reason, for the record")
@click.option("--seconds", type=click.FloatRange(min=0), help="how long to wait for the acknowledgement")
@json_option
@pass_session
def refresh_command(
    session: Session, name: str, *, reference: str | None, by: str | None, why: str, seconds: float | None
) -> None:
    """Publish the set, tell the running algorithm, and wait until its journal says that it applied it."""
    _finish(session, refresh(_launcher(session), name, by=_who(by), why=why, reference=reference, seconds=seconds))


@click.command("rollback")
@click.argument("name")
@click.option("--to", "target", help="an id; default: the set before the present one")
@click.option("--by", help="who rolls back; default: your user name")
@click.option("--why", help="the reason; not needed with --on-breach")
@click.option("--on-breach", is_flag=True, help="only if the set in force broke a limit (`tomking breaches`)")
@click.option("--seconds", type=click.FloatRange(min=0), help="how long to wait for the acknowledgement")
@json_option
@pass_session
def rollback(
    session: Session,
    name: str,
    *,
    target: str | None,
    by: str | None,
    why: str | None,
    on_breach: bool,
    seconds: float | None,
) -> None:
    """Put the earlier set back into force, and see the running algorithm apply it."""
    if on_breach:
        if target is not None or why is not None:
            raise click.UsageError("--on-breach takes neither --to nor --why: the breach is the reason")
        _show_watch(session, watch(_launcher(session), only=name, by=_who(by), seconds=seconds))
        return
    if why is None:
        raise click.UsageError("Missing option '--why'.")
    _finish(session, roll_back(_launcher(session), name, by=_who(by), why=why, to=target, seconds=seconds))


@click.command("breaches")
@click.argument("name", required=False)
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True, help="at most so many past ones")
@json_option
@pass_session
def breaches(session: Session, name: str | None, *, limit: int) -> None:
    """Show the sets in force (of the deployment NAME) beside their limits, and the limits that sets broke before."""
    with session.writing("breaches") as reader:
        look(reader, session.settings)
        figures = reader.rows(
            f"SELECT {', '.join(WATCH_COLUMNS)} FROM marts.breach_watch WHERE ? IS NULL OR deployment = ? "
            "ORDER BY deployment, is_broken DESC, rule_id",
            [name, name],
        )
        past = reader.rows(
            f"SELECT {', '.join(BREACH_COLUMNS)} FROM marts.breaches WHERE ? IS NULL OR deployment = ? "
            "ORDER BY found_at DESC, rule_id LIMIT ?",
            [name, name, limit],
        )
    if session.as_json:
        print_json(
            {
                "watched": [dict(zip(WATCH_COLUMNS, row, strict=True)) for row in figures],
                "breaches": [dict(zip(BREACH_COLUMNS, row, strict=True)) for row in past],
            }
        )
        return
    print_table("sets in force", WATCH_COLUMNS, figures)
    print_table("breaches", BREACH_COLUMNS, past)


@click.command("stop")
@click.argument("name")
@click.option("--by", help="who stops it; default: your user name")
@click.option("--why", required=True, help="the reason")
@json_option
@pass_session
def stop(session: Session, name: str, *, by: str | None, why: str) -> None:
    """Stop the running launch of the deployment NAME in good order, and read what it left. Positions stay."""
    _show(session, _launcher(session).stop(name, by=_who(by), why=why))


def _show_watch(session: Session, outcome: WatchOutcome) -> None:
    if session.as_json:
        print_json(outcome)
    elif not outcome.breaches:
        console.print(f"{counted(outcome.watched, 'set')} in force looked at; no limit is broken", highlight=False)
    for found in outcome.breaches if not session.as_json else ():
        done = f"{found.action}{f' to {found.to_set}' if found.to_set else ''} {found.state or ''}".rstrip()
        told = f"{found.deployment}: {found.parameter_set_id} broke a limit ({'; '.join(found.broken)}); {done}"
        console.print(told + (f" ({found.detail})" if found.detail else ""), markup=False, highlight=False)
    if outcome.unheard or any(found.action == "nothing_before" for found in outcome.breaches):
        raise click.exceptions.Exit(1)


def _finish(session: Session, outcome: RefreshOutcome) -> None:
    if session.as_json:
        print_json(outcome)
    else:
        told = f"{outcome.deployment}: {outcome.parameter_set_id} {outcome.sha256[:12]} {outcome.state}"
        console.print(told + (f" ({outcome.detail})" if outcome.detail else ""), markup=False, highlight=False)
    if outcome.state in _FAILED:
        raise click.exceptions.Exit(1)


def _show(session: Session, outcome: LaunchOutcome) -> None:
    if session.as_json:
        print_json(outcome)
        return
    told = f"{outcome.launch_id}: {outcome.state}" + (f" ({outcome.detail})" if outcome.detail else "")
    console.print(told, markup=False, highlight=False)
    console.print(f"  set      {outcome.parameter_set_id or 'none: the defaults'}", markup=False, highlight=False)
    console.print(f"  code     {outcome.code_sha256[:12]}", markup=False, highlight=False)
    console.print(f"  results  {outcome.results_folder}", markup=False, highlight=False)
    if outcome.run_id is not None:
        console.print(f"  run      {outcome.run_id}; `tomking runs {outcome.run_id}`", markup=False, highlight=False)


def _show_plan(plan: Plan) -> None:
    request = plan.request
    shown = {
        "launch_id": request.launch_id,
        "project": str(request.project),
        "code_sha256": plan.staged.code_sha256,
        "results": str(request.results),
        "parameters": dict(request.parameters),
        "commands": [{"cwd": str(command.cwd), "argv": list(command.argv)} for command in plan.commands],
        "files": {str(path): text for command in plan.commands for path, text in command.files.items()},
    }
    print_json(shown)


def _show_backends(session: Session) -> None:
    questions = list(dict.fromkeys(question for backend in BACKENDS.values() for question in backend.can))
    rows = [(question, *(backend.can.get(question, "–") for backend in BACKENDS.values())) for question in questions]
    print_rows(session, "ways to start LEAN", ("what", *BACKENDS), rows)
