"""Where the reference material that is not part of this repository lies.

Holds: the one way for a test to reach `../shared` and to skip when it is absent.
Belongs here: paths only.
Never here: copies of that material.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


def shared_path(*parts: str) -> Path:
    """The path below `../shared`; the calling test is skipped, with the path as reason, where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"reference material is not beside this checkout: {path}")
    return path
