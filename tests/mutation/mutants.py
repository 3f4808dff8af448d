"""Small changes of a source file that a good test should notice.

Holds: which places of a syntax tree can be changed, and how.
Belongs here: changes that leave the file importable.
Never here: running tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_COMPARE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC: Final[dict[type[ast.operator], type[ast.operator]]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}  # fmt: skip
_CALLS: Final = {"min": "max", "max": "min", "any": "all", "all": "any", "minimum": "maximum", "maximum": "minimum"}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A changed source: the line, what was changed, and the whole text."""

    line: int
    what: str
    source: str


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every change of a source, in the order of its lines; annotations, decorators, docstrings and messages are left alone."""
    count = sum(1 for _ in _places(ast.parse(source)))
    for number in range(count):
        tree = ast.parse(source)
        node = next(node for place, node in enumerate(_places(tree)) if place == number)
        what = _change(node)
        yield Mutant(getattr(node, "lineno", 0), what, ast.unparse(ast.fix_missing_locations(tree)))


def _places(tree: ast.AST) -> Iterator[ast.AST]:
    """Nodes that can be changed, outside of annotations, decorators and of what is raised."""
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "type_params", "decorator_list"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if not isinstance(node, ast.AST) or isinstance(node, ast.Raise | ast.Import | ast.ImportFrom):
                continue
            if _can_change(node):
                yield node
            yield from _places(node)


def _can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operation]):
            return type(operation) in _COMPARE
        case ast.BinOp(op=operator, left=left):
            text = isinstance(left, ast.Constant) and isinstance(left.value, str)
            return type(operator) in _ARITHMETIC and not text
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not() | ast.USub()):
            return True
        case ast.Constant(value=int() | bool()):
            return True
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name in _CALLS
    return False


def _change(node: ast.AST) -> str:
    match node:
        case ast.Compare(ops=[operation]):
            other = _COMPARE[type(operation)]()
            node.ops = [other]
            return f"{type(operation).__name__} is {type(other).__name__}"
        case ast.BinOp(op=operator):
            node.op = _ARITHMETIC[type(operator)]()
            return f"{type(operator).__name__} is {type(node.op).__name__}"
        case ast.BoolOp(op=operation):
            node.op = ast.Or() if isinstance(operation, ast.And) else ast.And()
            return f"{type(operation).__name__} is {type(node.op).__name__}"
        case ast.UnaryOp(op=operation):
            node.op = ast.UAdd() if isinstance(operation, ast.USub) else ast.Not()
            if isinstance(operation, ast.Not):
                node.operand = ast.UnaryOp(op=ast.Not(), operand=node.operand)
            return f"{type(operation).__name__} is left out"
        case ast.Constant(value=bool() as value):
            node.value = not value
            return f"{value} is {not value}"
        case ast.Constant(value=int() as value):
            node.value = value + 1
            return f"{value} is {value + 1}"
        case ast.Call(func=ast.Name(id=name) as function):
            function.id = _CALLS[name]
            return f"{name} is {function.id}"
        case ast.Call(func=ast.Attribute(attr=name) as attribute):
            attribute.attr = _CALLS[name]
            return f"{name} is {attribute.attr}"
    raise AssertionError(f"{ast.dump(node)} cannot be changed")
