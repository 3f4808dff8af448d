"""What a path is: a run, a folder of runs, an object store, prices, a statement, or nothing we know.

Holds: the names and first bytes by which each kind is told, and the walk through folders.
Belongs here: how a new kind of input is recognised.
Never here: reading it whole.

File times play no part: copies, archives and version control change them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.parsing import price_csv
from pipelines.parsing.lean_result import MEMBERS, PASCAL_MEMBERS

RUN, OBJECT_STORE, STATEMENT, PRICES, LEAN_DATA, UNKNOWN = (
    "run",
    "object_store",
    "statement",
    "prices",
    "lean_data",
    "unknown",
)
"""The kinds."""

_HEAD = 4096
_PRICE_HEAD = 65_536
_FIRST_KEY = re.compile(rb'\s*\{\s*"(?P<key>[A-Za-z]{1,40})"\s*:')
_DATED = re.compile(
    r"(?P<id>.+)-\d{4}-\d{2}-\d{2}(?:_(?P<span>minute|10minute)\.json|-\d{2}_second_.+\.json|-(?P<events>order-events)\.json)"
)
_SIDECARS = (("-order-events.json", "order_events"), ("-summary.json", "summary"), ("-log.txt", "algorithm_log"))
_LIVE_ID = re.compile(r"L-\d+")
_SKIPPED_FOLDERS = frozenset({"code", "backups", "node_modules"})
# JSON that LEAN, its command line or an editor leaves beside results and that is no input of ours.
_OTHER_JSON = frozenset({"config.json", "optimizer-config.json", "lean.json", "launch.json", "settings.json"})
_STORE_PARTS = ("journal", "parameters")
_DATA_PARTS = frozenset(
    {"cfd", "crypto", "cryptofuture", "equity", "forex", "future", "futureoption", "index", "indexoption",
     "market-hours", "option", "symbol-properties"}
)  # fmt: skip
_STATEMENT_SUFFIXES = frozenset({".csv", ".xml", ".json"})


@dataclass(frozen=True, slots=True)
class RunFiles:
    """The files of one run. `files` are (role, path); the main file is among them where there is one."""

    algorithm_id: str
    folder: Path
    main: Path | None
    files: tuple[tuple[str, Path], ...]
    is_live: bool
    shares_folder: bool
    """Other runs lie in the same folder, so the folder's name is not this run's."""

    @property
    def name(self) -> str:
        """The name of the run: its folder's, or its own id where the folder holds several."""
        return self.algorithm_id if self.shares_folder else self.folder.name

    def paths(self, *roles: str) -> list[Path]:
        """The files of these roles, by name."""
        return [path for role, path in self.files if role in roles]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing to take in. `reason` says why an unknown one is refused."""

    kind: str
    path: Path
    run: RunFiles | None = None
    reason: str | None = None


def identify(path: Path) -> list[Found]:
    """Everything at or below a path, runs first, in a fixed order. A file named by itself is never passed over."""
    found = list(_folder(path)) if path.is_dir() else [_file(path)]
    if not found:
        found = [Found(UNKNOWN, path, reason="a folder without runs, statements, prices or an object store")]
    order = (RUN, OBJECT_STORE, LEAN_DATA, PRICES, STATEMENT, UNKNOWN)
    return sorted(found, key=lambda item: (order.index(item.kind), str(item.path)))


def runs_in(folder: Path) -> list[RunFiles]:
    """The runs whose files lie directly in this folder."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    names = {path.name for path in files}
    ids = {found[0] for name in names if (found := _sidecar(name)) and found[1] not in ("algorithm_log",)}
    mains = {
        path.stem
        for path in files
        if path.suffix == ".json"
        and path.name not in _OTHER_JSON
        and not _is_monitor(path.name)
        and _sidecar(path.name) is None
        and (path.stem in ids or _is_result(path))
    }
    # An id is the longest stem that explains a file: a dated sidecar of `X` is no sidecar of `X-2026-11-16`.
    ids = {run_id for run_id in ids if run_id not in mains and not _extends(run_id, mains)} | mains
    return [_run(run_id, folder, files, ids) for run_id in sorted(ids)]


def is_object_store(folder: Path) -> bool:
    """Whether LEAN's object store (or one deployment's part of it) lies here."""
    candidates = [folder, *_folders(folder / "tomking")] if (folder / "tomking").is_dir() else [folder]
    return any((candidate / part).is_dir() for candidate in candidates for part in _STORE_PARTS)


def is_lean_data(folder: Path) -> bool:
    """Whether this is a LEAN data folder: at least two of its own sub-folders, one of them with prices."""
    parts = {path.name for path in folder.iterdir() if path.is_dir()} & _DATA_PARTS
    return bool(parts - {"market-hours", "symbol-properties"}) and (
        len(parts) >= 2 or (folder / "equity" / "usa").is_dir()
    )


def _folder(folder: Path) -> Iterator[Found]:
    if is_object_store(folder):
        yield Found(OBJECT_STORE, folder)
        return
    if is_lean_data(folder):
        yield Found(LEAN_DATA, folder)
        return
    runs = runs_in(folder)
    for run in runs:
        yield Found(RUN, folder if not run.shares_folder else (run.main or folder), run=run)
    own = {run.algorithm_id for run in runs}
    for child in _folders(folder):
        if child.name not in own and child.name not in _SKIPPED_FOLDERS:
            yield from _folder(child)
    if not runs:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix.lower() in _STATEMENT_SUFFIXES and path.name not in _OTHER_JSON:
                yield _file(path)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _file(path: Path) -> Found:
    suffix = path.suffix.lower()
    if suffix not in _STATEMENT_SUFFIXES:
        return Found(UNKNOWN, path, reason=f"no kind of file that is read here ends in {suffix or 'nothing'}")
    if suffix == ".csv" and is_price_table(path):
        return Found(PRICES, path)
    if suffix == ".json":
        for run in runs_in(path.parent):
            if run.main == path:
                return Found(RUN, path, run=run)
            if path in (file for _, file in run.files):
                return Found(
                    UNKNOWN, path, reason=f"a part of run {run.algorithm_id}: name the folder or its main file"
                )
    return Found(STATEMENT, path)


def is_price_table(path: Path) -> bool:
    """Whether a CSV's first line announces daily prices."""
    with path.open("rb") as file:
        return price_csv.sniff(file.readline(_PRICE_HEAD)) is not None


def _run(run_id: str, folder: Path, files: Iterable[Path], ids: set[str]) -> RunFiles:
    alone = len(ids) == 1
    members: list[tuple[str, Path]] = []
    is_live = _LIVE_ID.fullmatch(run_id) is not None
    for path in files:
        if path.name == f"{run_id}.json":
            members.append(("main", path))
        elif (found := _sidecar(path.name, run_id)) is not None:
            members.append((found[1], path))
            is_live = is_live or found[1].startswith(("day_", "hour"))
        elif alone and (role := _shared_role(path.name)):
            members.append((role, path))
    insights = folder / run_id / "alpha-results.json"
    if insights.is_file():
        members.append(("insights", insights))
    main = next((path for role, path in members if role == "main"), None)
    return RunFiles(run_id, folder, main, tuple(members), is_live, shares_folder=not alone)


def _sidecar(name: str, run_id: str | None = None) -> tuple[str, str] | None:
    """(run id, role) of a file that accompanies a main file; with `run_id` only if it is that run's."""
    if run_id is not None:
        if not name.startswith(f"{run_id}-"):
            return None
        for ending, role in _SIDECARS:
            if name == run_id + ending:
                return run_id, role
    if dated := _DATED.fullmatch(name):
        role = "day_order_events" if dated["events"] else f"day_{dated['span']}" if dated["span"] else "hour"
        return (dated["id"], role) if run_id in (None, dated["id"]) else None
    if run_id is None:
        for ending, role in _SIDECARS:
            if name.endswith(ending) and len(name) > len(ending):
                return name.removesuffix(ending), role
    return None


def _extends(run_id: str, mains: set[str]) -> bool:
    return any(run_id.startswith(f"{main}-") for main in mains)


def _shared_role(name: str) -> str | None:
    if name == "log.txt":
        return "engine_log"
    if _is_monitor(name):
        return "data_monitor"
    if name.endswith(".txt") and name.startswith(("succeeded-data-requests-", "failed-data-requests-")):
        return "data_requests"
    return None


def _is_monitor(name: str) -> bool:
    return name.startswith("data-monitor-report-") and name.endswith(".json")


def _is_result(path: Path) -> bool:
    with path.open("rb") as file:
        found = _FIRST_KEY.match(file.read(_HEAD))
    return found is not None and found["key"].decode() in MEMBERS | PASCAL_MEMBERS
