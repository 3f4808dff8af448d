"""`tomking rules`: every rule of the algorithm with the evidence that it holds.

Holds: the list with its score, and proving the rules now.
Belongs here: showing `marts.rule_conformance`.
Never here: rules, proofs, the score's arithmetic.
"""

from __future__ import annotations

import click

from pipelines.commands.output import Session, console, json_option, pass_session, print_json, print_rows
from pipelines.errors import Conflict
from pipelines.steps.rules import prove_rules

COLUMNS = ("rule_id", "lesson", "is_called", "is_proved", "acted", "violations", "last_violated_at", "is_kept")
SCORE = ("score", "rules", "kept", "proved", "called", "violations", "uncalled_modules", "proved_at")


@click.command("rules")
@click.option("--prove", is_flag=True, help="feed every rule a breach made up for it first, and store what came of it")
@json_option
@pass_session
def rules(session: Session, prove: bool) -> None:
    """List the rules: whether each is called, stops its breach, and was kept in what was traded."""
    if prove:
        with session.writing("rules") as writer:
            prove_rules(writer, session.settings)
    with session.reading() as reader:
        scores = reader.rows(f"select {', '.join(SCORE)} from marts.rule_score")
        rows = reader.rows(f"select {', '.join(COLUMNS)} from marts.rule_conformance")
    if not scores:
        raise Conflict(
            "no rule was proved yet",
            where="ops.guard_proofs",
            why="neither `tomking nightly` nor `tomking rules --prove` has run with this warehouse",
            remedy="`tomking rules --prove`",
        )
    summary = dict(zip(SCORE, scores[0], strict=True))
    if session.as_json:
        print_json({**summary, "rules": [dict(zip(COLUMNS, row, strict=True)) for row in rows]})
        return
    print_rows(session, f"{summary['kept']} of {summary['rules']} rules kept", COLUMNS, rows)
    console.print(f"score {summary['score']} of 100, proved {summary['proved_at']}")
