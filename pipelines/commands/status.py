"""`tomking status`: did last night run, and what is waiting.

Holds: one page over jobs, freshness, quarantine, breaks, parameter sets.
Belongs here: questions an operator asks first.
Never here: repairing anything (`tomking doctor` names the command that does).
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_table

QUESTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "jobs": (
        ("job", "started_at", "ended_at", "outcome", "detail"),
        "select job, started_at, ended_at, outcome, detail from ops.jobs order by started_at desc limit 5",
    ),
    "runs": (
        ("mode", "state", "runs", "newest"),
        "select mode, state, count(*), max(coalesce(ended_at, started_at)) from marts.runs group by all order by all",
    ),
    "failing checks": (
        ("check", "asset", "severity", "failures", "since"),
        "select check_name, asset, severity, failures, failing_since from ops.checks where not passed order by severity, check_name",
    ),
    "quarantine": (
        ("file", "line", "field", "reason", "refused_at"),
        "select file, line, field, reason, refused_at from marts.quarantine where state = 'open' order by refused_at desc limit 10",
    ),
    "open breaks": (
        ("account", "cause", "breaks", "oldest (days)"),
        "select account, cause, count(*), max(age_days) from marts.breaks where state = 'open' group by all order by all",
    ),
    "rules": (
        ("score", "rules", "kept", "violations", "uncalled modules", "proved_at"),
        "select score, rules, kept, violations, uncalled_modules, proved_at from marts.rule_score",
    ),
    "parameter sets": (
        ("set", "state", "effective_from", "published_at", "acknowledged_at"),
        "select parameter_set_id, state, effective_from, published_at, acknowledged_at "
        "from marts.parameter_sets order by effective_from desc, parameter_set_id limit 5",
    ),
}


@click.command("status")
@json_option
@pass_session
def status(session: Session) -> None:
    """Show the last jobs, failing checks, quarantine, open breaks and parameter sets."""
    answers = {}
    with session.warehouse.reader() as connection:
        for title, (columns, query) in QUESTIONS.items():
            answers[title] = (columns, connection.execute(query).fetchall())
    if session.as_json:
        print_json(
            {
                title: [dict(zip(columns, row, strict=True)) for row in rows]
                for title, (columns, rows) in answers.items()
            }
        )
        return
    for title, (columns, rows) in answers.items():
        if rows:
            print_table(title, columns, rows)
        else:
            console.print(f"[bold]{title}[/bold]: none")
