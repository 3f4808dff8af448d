"""What a path is: a run, a folder of runs, an object store, prices, a statement, or nothing we know.

Holds: the names and first bytes by which each kind is told, and the walk through folders.
Belongs here: how a new kind of input is recognised.
Never here: reading it whole.

File times play no part: copies, archives and version control change them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pipelines.parsing.lean import eras as lean_eras
from pipelines.parsing.lean import replies as lean_replies
from pipelines.parsing.lean.eras import Document
from pipelines.parsing.lean.launch import LAUNCH
from pipelines.parsing.lean.log import is_engine_log
from pipelines.parsing.lean.optimization import CONFIGURATION, LOG, is_optimizer_log
from pipelines.parsing.lean.source_code import FOLDER, is_source
from pipelines.parsing.plain_text import without_mark
from pipelines.parsing.prices import csv_files as price_csv

RUN, OPTIMIZATION, OBJECT_STORE, STATEMENT, PRICES, LEAN_DATA, UNKNOWN = (
    "run",
    "optimization",
    "object_store",
    "statement",
    "prices",
    "lean_data",
    "unknown",
)
"""The kinds."""

_PRICE_HEAD = 65_536
_DATED = re.compile(
    r"(?P<id>.+)-\d{4}-\d{2}-\d{2}(?:_(?P<span>minute|10minute)\.json|-\d{2}_second_.+\.json|-(?P<events>order-events)\.json)"
)
_SIDECARS = (("-order-events.json", "order_events"), ("-summary.json", "summary"), ("-log.txt", "algorithm_log"))
_LIVE_ID = re.compile(r"L-[0-9a-f]+")
# What accompanies a run without being named after it: the kind of document, its role, and what to do where it is alone.
_PARTS = {
    lean_replies.ORDERS: (
        "orders",
        "orders read from the cloud API; save the reply of backtests/read (or live/read) too",
    ),
    lean_replies.PORTFOLIO: ("portfolio", "a portfolio read from the cloud API; save the reply of live/read too"),
    lean_eras.EVENTS: ("order_events", "order events; put the result (<id>.json) they belong to"),
    lean_eras.INSIGHTS: ("insights", "insights; put the result (<id>.json) they belong to"),
}
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
    order = (RUN, OPTIMIZATION, OBJECT_STORE, LEAN_DATA, PRICES, STATEMENT, UNKNOWN)
    return sorted(found, key=lambda item: (order.index(item.kind), str(item.path)))


def runs_in(folder: Path) -> list[RunFiles]:
    """The runs whose files lie directly in this folder."""
    return _survey(folder)[0]


def _survey(folder: Path) -> tuple[list[RunFiles], dict[Path, str]]:
    """The runs of a folder, and LEAN's other documents in it that belong to none, with the reason."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    ids = {found[0] for path in files if (found := _sidecar(path.name)) and found[1] not in ("algorithm_log",)}
    documents = {
        path: document
        for path in files
        if path.suffix == ".json"
        and path.name not in _OTHER_JSON
        and not _is_monitor(path.name)
        and _sidecar(path.name) is None
        and (document := Document(lean_eras.RESULT_FILE) if path.stem in ids else _readable_document(path))
    }
    mains = _mains(documents)
    # An id is the longest stem that explains a file: a dated sidecar of `X` is no sidecar of `X-2026-11-16`.
    ids = {run_id for run_id in ids if run_id not in mains and not _extends(run_id, mains)} | mains.keys()
    runs = [_run(run_id, folder, files, ids, mains.get(run_id)) for run_id in sorted(ids)]
    return _with_parts(runs, documents)


def _mains(documents: Mapping[Path, Document]) -> dict[str, Path]:
    """The main file of each run: a result is named after it, a reply of the cloud API says whose it is."""
    mains = {path.stem: path for path, document in documents.items() if document.kind == lean_eras.RESULT_FILE}
    for path, document in documents.items():
        if document.kind in (lean_replies.BACKTEST, lean_replies.LIVE):
            named = document.algorithm_id or path.stem
            mains[path.stem if named in mains else named] = path
    return mains


def _with_parts(runs: list[RunFiles], documents: Mapping[Path, Document]) -> tuple[list[RunFiles], dict[Path, str]]:
    """Parts go to the run whose id they carry, else to the only one; the others are left over with a reason.

    A result does not say whose it is (its name may be the user's), so it takes any part that lies alone with it; a
    reply does, and takes none that speaks of another run.
    """
    left: dict[Path, str] = {}
    whole = [run for run in runs if run.main is not None]
    said = {path for path, document in documents.items() if document.algorithm_id is not None}
    for path, document in documents.items():
        if document.reason is not None:
            left[path] = document.reason
        if document.kind not in _PARTS:
            continue
        role, alone = _PARTS[document.kind]
        mine = [run for run in whole if run.algorithm_id == document.algorithm_id]
        if not mine and len(whole) == 1 and (document.algorithm_id is None or whole[0].main not in said):
            mine = whole
        if not mine or (role in ("order_events", "insights") and mine[0].paths(role)):
            left[path] = f"{alone} in the same folder" if not mine else f"{alone}; that run has {role} already"
            continue
        position = runs.index(mine[0])
        runs[position] = replace(runs[position], files=(*runs[position].files, (role, path)))
        whole = [run for run in runs if run.main is not None]
    return runs, left


def code_files(folder: Path) -> list[Path]:
    """The source files in the `code/` that LEAN's command line leaves beside a run or an optimisation."""
    code = folder / FOLDER
    return sorted(
        path
        for path in (code.rglob("*") if code.is_dir() else ())
        if is_source(path.name)
        and path.is_file()
        and not any(part.startswith((".", "__pycache__")) for part in path.relative_to(code).parts)
    )


def optimization_files(folder: Path) -> list[tuple[str, Path]]:
    """(role, path) of an optimisation's own files; empty where the folder is none. Its backtests lie in folders below."""
    log, configuration = folder / LOG, folder / CONFIGURATION
    found: list[tuple[str, Path]] = []
    if log.is_file() and _is_optimizer_log(log):
        found.append(("optimizer_log", log))
    if configuration.is_file():
        found.append(("optimizer_configuration", configuration))
    if found and (folder / LAUNCH).is_file():
        found.append(("launch", folder / LAUNCH))
    return found + [("code", path) for path in code_files(folder)] if found else []


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


def _folder(folder: Path, within: tuple[Path, ...] = ()) -> Iterator[Found]:
    """What lies in a folder, which itself lies in the folders `within` (resolved). One that cannot be read is named."""
    try:
        real = folder.resolve()
        # A link back to a folder it lies in would be walked for ever.
        if real not in within:
            yield from _contents(folder, (*within, real))
    except OSError as error:
        yield Found(UNKNOWN, folder, reason=unreadable(error))


def _contents(folder: Path, within: tuple[Path, ...]) -> Iterator[Found]:
    if is_object_store(folder):
        yield Found(OBJECT_STORE, folder)
        return
    if is_lean_data(folder):
        yield Found(LEAN_DATA, folder)
        return
    optimization = optimization_files(folder)
    if optimization:
        yield Found(OPTIMIZATION, folder)
    runs, left = _survey(folder)
    if not runs and not optimization and _is_engine_log(folder / LOG):
        yield Found(UNKNOWN, folder / LOG, reason="an engine's log without the result of its run: it wrote none")
    for run in runs:
        yield Found(RUN, folder if not run.shares_folder else (run.main or folder), run=run)
    if runs:
        yield from (Found(UNKNOWN, path, reason=reason) for path, reason in left.items())
    own = {run.algorithm_id for run in runs}
    for child in _folders(folder):
        if child.name not in own and child.name not in _SKIPPED_FOLDERS:
            yield from _folder(child, within)
    if not runs:
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.suffix.lower() in _STATEMENT_SUFFIXES and path.name not in _OTHER_JSON:
                yield Found(UNKNOWN, path, reason=left[path]) if path in left else _readable_outside_of_runs(path)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith((".", "__")))


def _file(path: Path) -> Found:
    if path.suffix.lower() == ".json":
        runs, left = _survey(path.parent)
        for run in runs:
            if run.main == path:
                return Found(RUN, path, run=run)
            if path in (file for _, file in run.files):
                return Found(
                    UNKNOWN, path, reason=f"a part of run {run.algorithm_id}: name the folder or its main file"
                )
        if path in left:
            return Found(UNKNOWN, path, reason=left[path])
    return _outside_of_runs(path)


def _readable_outside_of_runs(path: Path) -> Found:
    try:
        return _outside_of_runs(path)
    except OSError as error:
        return Found(UNKNOWN, path, reason=unreadable(error))


def _outside_of_runs(path: Path) -> Found:
    suffix = path.suffix.lower()
    if suffix not in _STATEMENT_SUFFIXES:
        return Found(UNKNOWN, path, reason=f"no kind of file that is read here ends in {suffix or 'nothing'}")
    if suffix == ".csv" and is_price_table(path):
        return Found(PRICES, path)
    return Found(STATEMENT, path)


def is_price_table(path: Path) -> bool:
    """Whether a CSV's first line announces daily prices."""
    with path.open("rb") as file:
        return price_csv.sniff(file.readline(_PRICE_HEAD)) is not None


def _run(run_id: str, folder: Path, files: Iterable[Path], ids: set[str], main: Path | None) -> RunFiles:
    alone = len(ids) == 1
    members: list[tuple[str, Path]] = []
    is_live = _LIVE_ID.fullmatch(run_id) is not None
    for path in files:
        if path == main:
            members.append(("main", path))
        elif (found := _sidecar(path.name, run_id)) is not None:
            members.append((found[1], path))
            is_live = is_live or found[1].startswith(("day_", "hour"))
        elif alone and (role := _shared_role(path.name)):
            members.append((role, path))
    if alone:
        members += (("code", path) for path in _code_of(folder))
    insights = folder / run_id / "alpha-results.json"
    if _may_be_file(insights):
        members.append(("insights", insights))
    return RunFiles(run_id, folder, main, tuple(members), is_live, shares_folder=not alone)


def _code_of(folder: Path) -> list[Path]:
    """The source files of a run; the folder itself where it does not let us look: what reads it says why."""
    try:
        next((folder / FOLDER).iterdir(), None)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [folder / FOLDER]
    return code_files(folder)


def _may_be_file(path: Path) -> bool:
    """Whether a file is there, or lies in a folder that does not let us look: what reads it says why."""
    try:
        return path.is_file()
    except OSError:
        return True


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


def _extends(run_id: str, mains: Iterable[str]) -> bool:
    return any(run_id.startswith(f"{main}-") for main in mains)


def _is_optimizer_log(path: Path) -> bool:
    return is_optimizer_log(_head(path))


def _is_engine_log(path: Path) -> bool:
    return path.is_file() and is_engine_log(_head(path))


def _head(path: Path) -> bytes:
    """The first bytes of a log; of one that cannot be read none, so that what lies beside it is still seen."""
    try:
        with path.open("rb") as file:
            return without_mark(file.read(lean_eras.HEAD))
    except OSError:
        return b""


def _shared_role(name: str) -> str | None:
    if name == "log.txt":
        return "engine_log"
    if name == LAUNCH:
        return "launch"
    if _is_monitor(name):
        return "data_monitor"
    if name.endswith(".txt") and name.startswith(("succeeded-data-requests-", "failed-data-requests-")):
        return "data_requests"
    return None


def _is_monitor(name: str) -> bool:
    return name.startswith("data-monitor-report-") and name.endswith(".json")


def _readable_document(path: Path) -> Document | None:
    try:
        return _document(path)
    except OSError as error:
        return Document(UNKNOWN, reason=unreadable(error))


def unreadable(error: OSError) -> str:
    """The reason to give for a file or folder that the system does not let us read."""
    return f"cannot be read: {error.strerror or error}"


def _document(path: Path) -> Document | None:
    """What a JSON file is, by its first bytes where they tell and by all of them where they may."""
    with path.open("rb") as file:
        head = without_mark(file.read(lean_eras.HEAD))
        if lean_eras.is_result(head):
            return Document(lean_eras.RESULT_FILE)
        return lean_eras.document_of(head + file.read()) if lean_eras.may_be_known(head) else None
