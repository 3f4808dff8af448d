"""Every question of the cookbook has the answer that stands beneath it, and can be asked while a job writes."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipelines.config import load_settings
from tests.documents import cookbook
from tests.pipelines.instances import ROOT, environment
from warehouse.access import Warehouse

QUESTIONS = cookbook.questions()
FEWEST_PUBLICATIONS = 3

WRITER = """
import sys, uuid
from pathlib import Path
from warehouse.access import Warehouse

warehouse = Warehouse(Path(sys.argv[1]))
for number in range(100_000):
    with warehouse.writer("a job that writes without pause") as session:
        session.record_file(path=f"busy/{number}", sha256=uuid.uuid4().hex, size=number, kind="statement",
                            parser_version="busy", outcome="ingested")
    print(number, flush=True)
"""


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_a_question_shows_its_answer_unless_it_depends_on_the_day(question: cookbook.Question) -> None:
    assert (question.golden is None) == question.changing
    assert question.why
    assert "select" in question.sql


def test_there_are_questions_enough_and_each_stands_once() -> None:
    titles = [question.title for question in QUESTIONS]
    assert len(titles) >= 16
    assert len(set(titles)) == len(titles)


def test_every_sql_block_of_the_document_is_a_question() -> None:
    assert cookbook.DOCUMENT.read_text(encoding="utf-8").count("```sql") == len(QUESTIONS)


def test_answers_are_rewritten_in_place_and_writing_them_twice_changes_nothing() -> None:
    document = cookbook.DOCUMENT.read_text(encoding="utf-8")
    once = cookbook.with_answers(document, lambda _sql: "answer\n")
    assert cookbook.with_answers(once, lambda _sql: "answer\n") == once
    assert [question.golden for question in cookbook.questions(once)] == [
        None if question.changing else "answer\n" for question in QUESTIONS
    ]
    assert [question.sql for question in cookbook.questions(once)] == [question.sql for question in QUESTIONS]


@pytest.mark.slow
@pytest.mark.parametrize("question", QUESTIONS, ids=str)
def test_the_demonstration_answers_as_the_document_says(question: cookbook.Question, demonstration: Path) -> None:
    with Warehouse(load_settings(demonstration).state_dir).reader() as connection:
        printed, rows = cookbook.answer(connection, question.sql)
    assert 1 <= rows <= cookbook.MOST_ROWS
    if not question.changing:
        assert printed == question.golden, "run `python -m tests.documents.write_results` if the change is meant"


@pytest.mark.slow
def test_every_question_is_answered_while_a_job_writes_without_pause(demonstration: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(load_settings(demonstration).state_dir, state)
    warehouse = Warehouse(state)
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(state)], cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True
    ) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "0\n"
            ask_until_replaced(warehouse)
            assert writer.poll() is None, "the writer ended early"
        finally:
            writer.kill()


def ask_until_replaced(warehouse: Warehouse) -> None:
    """Ask every question, again and again until the published copy was replaced a few times meanwhile."""
    copies = {warehouse.published_path.stat().st_ino}
    deadline = time.monotonic() + 300
    while len(copies) <= FEWEST_PUBLICATIONS and time.monotonic() < deadline:
        for question in QUESTIONS:
            with warehouse.reader() as connection:
                assert cookbook.answer(connection, question.sql)[1] > 0, question.title
            copies.add(warehouse.published_path.stat().st_ino)
    assert len(copies) > FEWEST_PUBLICATIONS, "the copy was not replaced while the questions were asked"
