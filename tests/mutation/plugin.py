"""A pytest plugin that puts a changed source in the place of one module.

Holds: the import hook; `TOMKING_MUTANT_MODULE` and `TOMKING_MUTANT_SOURCE` name the module and the changed file.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


class _Changed(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != os.environ.get("TOMKING_MUTANT_MODULE"):
            return None
        return importlib.util.spec_from_file_location(fullname, os.environ["TOMKING_MUTANT_SOURCE"])


sys.meta_path.insert(0, _Changed())
