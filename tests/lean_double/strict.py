"""Arguments as the engine's Python bridge takes them: what it could not convert is a TypeError here as well.

Holds: the check of a call's arguments against the stand-in's own annotations, for every method of a class at once.
Belongs here: how Python's values become the engine's.
Never here: what a method does.

A `float` takes an int or a float and no Decimal, because the engine's bridge knows no such type of Python's; an `int` takes
no float; a list of legs has to be a list. Attributes need no check: the stand-in's objects have slots, or say themselves
what they do not know.
"""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

C = TypeVar("C", bound=type)


def strict(kind: C) -> C:
    """Check the arguments of every public method that a class defines itself."""
    for name, member in list(vars(kind).items()):
        if isinstance(member, staticmethod):
            setattr(kind, name, staticmethod(_checked(member.__func__)))
        elif isinstance(member, types.FunctionType) and not name.startswith("_") and not name.startswith("on_"):
            setattr(kind, name, _checked(member))
    return kind


def _checked(function: Callable[..., Any]) -> Callable[..., Any]:
    signature = inspect.signature(function)
    hints: dict[str, Any] = {}

    @functools.wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        if not hints:
            hints.update(typing.get_type_hints(function))
        for name, value in signature.bind(*given, **named).arguments.items():
            if signature.parameters[name].kind in (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL):
                continue
            if name in hints and not fits(value, hints[name]):
                raise TypeError(
                    f"No method matches given arguments for {function.__name__}: {name} is {type(value).__name__}, "
                    f"{hints[name]} is asked for"
                )
        return function(*given, **named)

    return call


def fits(value: object, hint: Any) -> bool:
    """Whether the engine's bridge would take a value for a parameter of this type."""
    origin = typing.get_origin(hint)
    if hint is Any or isinstance(hint, TypeVar):
        return True
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in typing.get_args(hint))
    if hint in (None, type(None)):
        return value is None
    if hint is object:
        return True
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool | Enum)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool | Enum)
    if origin is list:
        (inner,) = typing.get_args(hint)
        return isinstance(value, list) and all(fits(one, inner) for one in value)
    if origin is not None:
        return callable(value) if "Callable" in str(hint) else True
    return isinstance(value, hint)
