"""Which modules and names of the algorithm are reached from its entry point, read from the source alone.

Holds: the imports between modules, what they reach, and whether a name is used anywhere that is reached.
Belongs here: questions about source code without running it.
Never here: what has to be reached (the caller says).

An import inside a function counts: it is reached when the function is called. A name counts as used where a reached
module mentions it beside its definition; an import of it alone is no use.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CallGraph:
    """The parsed modules by dotted name, and the names of those that the entry points reach."""

    modules: Mapping[str, ast.Module]
    reached: frozenset[str]

    def is_used(self, module: str, name: str) -> bool:
        """Whether a function or class of a reached module is mentioned beside its own definition."""
        if module not in self.reached:
            return False
        return any(_mentions(self.modules[one], name) for one in self.reached)


def read_graph(package: Path, entries: Iterable[Path]) -> CallGraph:
    """The graph of the modules below `package` (a folder whose name they begin with) as reached from `entries`."""
    modules: dict[str, ast.Module] = {}
    for path in sorted(package.rglob("*.py")):
        parts = (package.name, *path.relative_to(package).with_suffix("").parts)
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = _parse(path)
    waiting = [name for entry in entries for name in _imports(_parse(entry), modules)]
    reached: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            # A module brings the packages it lies in.
            waiting += [package_of for package_of in _packages(name) if package_of in modules]
            waiting += _imports(modules[name], modules)
    return CallGraph(modules, frozenset(reached))


def _parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _packages(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def _imports(tree: ast.Module, modules: Mapping[str, ast.Module]) -> list[str]:
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module is not None and node.level == 0:
            found.append(node.module)
            found += [f"{node.module}.{alias.name}" for alias in node.names]
    return [name for name in found if name in modules]


def _mentions(tree: ast.Module, name: str) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == name and isinstance(node.ctx, ast.Load):
            return True
        if isinstance(node, ast.Attribute) and node.attr == name:
            return True
    return False
