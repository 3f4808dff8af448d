"""The staged copy of a LEAN project, from which a deployment runs.

Holds: which files belong to a project, their hashes, and the copy.
Belongs here: what is true of a project folder as such.
Never here: starting LEAN, or anything outside of the two folders.

The working tree is never changed by a deployment, and an edit of it never reaches one that runs. The code's hash is over
paths and bytes of everything but `config.json`, which LEAN's own tools rewrite (`local-id`, `cloud-id`).
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ConfigurationError
from pipelines.privacy import redact_setting
from warehouse.files import sync_folder, temporary_beside

PROJECT_FILE = "config.json"
ENTRY = "main.py"
_NOT_PROJECT = frozenset(
    {"__pycache__", "backtests", "live", "optimizations", "storage", "data", "bin", "obj", "node_modules"}
)
_SUFFIXES = frozenset({".py", ".json", ".txt", ".ipynb", ".md", ".toml", ".html", ".css"})
_WRITTEN_BY_TOOLS = ("local-id", "cloud-id", "organization-id")


@dataclass(frozen=True, slots=True)
class Staged:
    """A staged project: its folder, the hash of its code, and the hash of each file of it by path."""

    folder: Path
    code_sha256: str
    files: Mapping[str, str]
    class_name: str
    project_parameters: Mapping[str, str]


def project_files(project: Path) -> Iterator[tuple[str, Path]]:
    """The files of a project by relative path, sorted; hidden files, results and foreign kinds are left out.

    Hidden files are left out because that is where credentials lie (`.env`).
    """
    found = []
    for folder, names, files in os.walk(project):
        names[:] = sorted(name for name in names if name not in _NOT_PROJECT and not name.startswith("."))
        for name in files:
            path = Path(folder, name)
            if not name.startswith(".") and path.suffix in _SUFFIXES and path.is_file():
                found.append((path.relative_to(project).as_posix(), path))
    yield from sorted(found)


def stage(project: Path, target: Path, parameters: Mapping[str, str], *, keep_ids_of: Path | None = None) -> Staged:
    """Copy `project` to `target` as one whole, with `parameters` laid over those of its `config.json`.

    `keep_ids_of` names an earlier copy whose ids of LEAN's tools go on (a cloud project stays the same one). Raises
    ConfigurationError where the folder is no LEAN project.
    """
    if not (project / ENTRY).is_file():
        raise ConfigurationError(
            "this is no LEAN project",
            where=str(project),
            why=f"it has no {ENTRY}",
            remedy="set `project` of the deployment to the folder of main.py",
        )
    class_name = algorithm_class(project / ENTRY)
    document = _project_document(project, keep_ids_of)
    own = document.get("parameters")
    merged = {**({name: str(value) for name, value in own.items()} if isinstance(own, dict) else {}), **parameters}
    document["parameters"] = merged
    _refuse_secrets(merged, project)
    files, digest = {}, hashlib.sha256()
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in target.parent.glob(f".{target.name}.*.part"):
        shutil.rmtree(left, ignore_errors=True)
    temporary = temporary_beside(target)
    try:
        temporary.mkdir()
        for name, path in project_files(project):
            if name == PROJECT_FILE:
                continue
            data = path.read_bytes()
            files[name] = hashlib.sha256(data).hexdigest()
            digest.update(f"{name}\0{files[name]}\n".encode())
            copy = temporary / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(data)
        (temporary / PROJECT_FILE).write_text(json.dumps(document, indent=4) + "\n", encoding="utf-8")
        if target.exists():
            shutil.rmtree(target)
        temporary.rename(target)
        sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Staged(target, digest.hexdigest(), files, class_name, merged)


def _project_document(project: Path, keep_ids_of: Path | None) -> dict[str, object]:
    """The project's `config.json`; settings that may be secrets stay behind."""
    found = _read(project / PROJECT_FILE)
    document = {name: value for name, value in found.items() if not _is_secret(name, value)}
    document.setdefault("algorithm-language", "Python")
    earlier = _read(keep_ids_of / PROJECT_FILE) if keep_ids_of is not None else {}
    for name in _WRITTEN_BY_TOOLS:
        if name in earlier:
            document[name] = earlier[name]
    return document


def _is_secret(name: str, value: object) -> bool:
    return name not in _WRITTEN_BY_TOOLS and isinstance(value, str) and redact_setting(name, value) != value


def _refuse_secrets(parameters: Mapping[str, str], project: Path) -> None:
    """Run parameters stand in results and tables, so none of them may be a credential."""
    for name in parameters:
        if redact_setting(name, "x") != "x":
            raise ConfigurationError(
                f"the run parameter {name!r} is named like a credential",
                where=str(project / PROJECT_FILE),
                why="run parameters are recorded in LEAN's results and in the warehouse",
                remedy="hand credentials over in [engine.secrets], by the name of an environment variable",
            )


def _read(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError("a LEAN project file cannot be read", where=str(path), why=str(error)) from error
    if not isinstance(found, dict):
        raise ConfigurationError("a LEAN project file is no JSON object", where=str(path))
    return found


def algorithm_class(entry: Path) -> str:
    """The name of the one class in `main.py` that LEAN runs. Raises ConfigurationError."""
    try:
        tree = ast.parse(entry.read_text(encoding="utf-8"), filename=str(entry))
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigurationError("the algorithm cannot be read", where=str(entry), why=str(error)) from error
    found = [
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and any(isinstance(base, ast.Name) and base.id == "QCAlgorithm" for base in node.bases)
    ]
    if len(found) != 1:
        raise ConfigurationError(
            "the algorithm's class is not certain",
            where=str(entry),
            why=f"{len(found)} classes derive from QCAlgorithm",
        )
    return found[0]
