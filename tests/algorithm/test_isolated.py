"""The project folder alone, as the engine mounts it: nothing of the repository around it is needed."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

from tests.shared import ROOT

SCRIPT = textwrap.dedent(
    """
    import importlib, pkgutil, sys, types

    class Anything(type):
        def __getattr__(cls, name):
            return Anything(name, (), {})

    class Fake(types.ModuleType):
        # Names that recorded algorithms imported from the engine, then those that LEAN's own examples do.
        __all__ = [
            "AccountType", "BrokerageName", "DataNormalizationMode", "Leg", "Market", "OptionRight", "OptionStyle",
            "OrderStatus", "QCAlgorithm", "Resolution", "Symbol",
            "CashAmount", "FeeModel", "OrderEvent", "OrderFee", "Slice", "TradeBar",
        ]

        def __getattr__(self, name):
            if name not in self.__all__:
                raise AttributeError(name)
            return Anything(name, (), {"__init__": lambda self, *a: None})

    folder = sys.argv[1]
    sys.path.insert(0, folder)
    sys.modules["AlgorithmImports"] = Fake("AlgorithmImports")
    import main
    import tomking
    found = [one.name for one in pkgutil.walk_packages(tomking.__path__, "tomking.")]
    for name in found:
        importlib.import_module(name)
    outside = {
        name.split(".")[0]
        for name, module in sys.modules.items()
        if getattr(module, "__file__", None) and "site-packages" in module.__file__
    }
    print(len(found), sorted(one for one in outside - {"numpy"} if not one.startswith("_")))
    """
)


def test_every_module_loads_with_nothing_but_the_project_folder(tmp_path: Path) -> None:
    """`-I` leaves out the current folder and the environment; numpy is what the engine's image brings.

    Of the engine only names are there that were seen to be importable; what merely a type checker needs is not asked for.
    """
    script = tmp_path / "load.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-I", str(script), str(ROOT / "algorithm")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, outside = done.stdout.strip().split(" ", 1)
    assert int(count) > 90
    assert outside in ("[]", "['tzdata']")


def test_main_is_short_enough_to_read_at_once() -> None:
    assert len((ROOT / "algorithm" / "main.py").read_text(encoding="utf-8").splitlines()) < 300
