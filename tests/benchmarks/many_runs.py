"""Thousands of small runs in one Dagster run, beside merely decoding the same files and inserting the same rows.

Holds: each as a child process of its own, over copies of recorded runs.
Belongs here: many small inputs.
Never here: one large input (tests/benchmarks/large_run.py).

The floor reads, hashes and decodes every file with the standard library, and inserts the very rows that ours ends with,
run by run, each table's by one statement and each run's in one transaction: the obvious way, with nothing checked,
stored or derived, and the rows ready beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks import children
from tests.benchmarks.children import Measured
from tests.benchmarks.figures import Figure
from tests.run_copies import copies

RUNS, TINY = 2_000, 8
_BEFORE = """
import dagster as dg
from pipelines.defs.lean.assets import lean_results
from pipelines.defs.resources import WarehouseResource
import polars, pyarrow, matplotlib.pyplot
warehouse = WarehouseResource(config_path=sys.argv[1])
"""
_TAKE = """
with dg.DagsterInstance.ephemeral() as instance:
    assert dg.materialize([lean_results], resources={"warehouse": warehouse}, instance=instance).success
"""
_AFTER = """
with warehouse.warehouse().reader() as connection:
    (found,) = connection.execute("select count(*) from marts.runs").fetchone()
"""
_FLOOR_BEFORE = """
import hashlib
from pipelines.config import load_settings
from warehouse import migrate
from warehouse.access import Warehouse
from warehouse.connections import open_for_writing
from warehouse.models import Base
config, folder, target = map(Path, sys.argv[1:])
tables = [table for table in Base.metadata.sorted_tables if table.schema == "records" and "run_id" in table.columns]
rows = {}
with Warehouse(load_settings(config).state_dir).reader() as reader:
    for table in tables:
        frame = reader.sql(f"SELECT * FROM {table.fullname}").pl()
        for (run_id,), part in frame.partition_by("run_id", as_dict=True).items():
            rows.setdefault(run_id, []).append((table.fullname, part))
migrate.create_from_models(target)
connection = open_for_writing(target)
"""
_FLOOR = """
for path in sorted(folder.rglob("*.*")):
    data = path.read_bytes()
    hashlib.sha256(data).hexdigest()
    if path.suffix == ".json":
        json.loads(data)
for parts in rows.values():
    connection.execute("BEGIN")
    for name, part in parts:
        connection.execute(f"INSERT INTO {name} BY NAME SELECT * FROM part")
    connection.execute("COMMIT")
connection.close()
"""
_FLOOR_AFTER = """
found = len(rows)
"""

FLOOR, TAKEN, AGAIN = "decoding, and plain inserts run by run", "ours: one Dagster run", "ours: the same again"
COLUMNS = ("what", "way", "s", "processor s", "times the floor", "runs/s", "MB")


def measured(folder: Path, count: int = RUNS) -> tuple[int, dict[str, Measured]]:
    """Bytes of the runs, and every way once. Raises AssertionError where not every run was taken."""
    runs = folder / "many" / "runs"
    copies(runs, count)
    size = sum(path.stat().st_size for path in runs.rglob("*") if path.is_file())
    config = children.instance(folder / "many" / "instance")
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("lean_results = [", f'lean_results = ["{runs}", ', 1), encoding="utf-8")
    take = children.code(_BEFORE, _TAKE, _AFTER)
    taken, again = children.run(take, str(config)), children.run(take, str(config))
    program = children.code(_FLOOR_BEFORE, _FLOOR, _FLOOR_AFTER)
    floor = children.run(program, str(config), str(runs), str(folder / "many" / "floor.duckdb"))
    assert taken.found == again.found == floor.found == count, (taken.found, again.found, floor.found)
    return size, {FLOOR: floor, TAKEN: taken, AGAIN: again}


def rows(count: int, size: int, found: Mapping[str, Measured]) -> list[tuple[str, ...]]:
    """The table of many runs under `COLUMNS`."""
    titles = (f"{count} runs of {size / 1e6:.0f} MB", "", "")
    return [
        (
            title,
            way,
            f"{one.seconds:.1f}",
            f"{one.processor:.1f}",
            f"{one.seconds / found[FLOOR].seconds:.2f}",
            f"{count / one.seconds:.0f}",
            f"{one.growth / 1e6:.0f}",
        )
        for title, (way, one) in zip(titles, found.items(), strict=True)
    ]


def figures(found: Mapping[str, Measured]) -> list[Figure]:
    """What taking many runs in costs as a multiple of the floor."""
    return [
        Figure("many runs: in one Dagster run, to the floor", found[TAKEN].processor / found[FLOOR].processor),
        Figure("many runs: the same again, to the floor", found[AGAIN].processor / found[FLOOR].processor),
        Figure("many runs: growth of memory, to 600 MB", found[TAKEN].growth / 600e6, 1.0),
    ]
