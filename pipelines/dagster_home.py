"""Where Dagster keeps its own history for an instance.

Holds: the folder, the copy of the repository's `dagster.yaml` in it, and the environment its processes need.
Belongs here: anything that must be true before a Dagster process starts.
Never here: importing Dagster.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pipelines.config import CONFIG_NAME, CONFIG_VARIABLE, Settings
from pipelines.errors import ConfigurationError

REPOSITORY = Path(__file__).resolve().parent.parent
HOME_VARIABLE = "DAGSTER_HOME"


def prepare_home(settings: Settings) -> Path:
    """Make the instance's Dagster folder, put `dagster.yaml` there, and return it.

    Raises ConfigurationError when the package was installed without the repository's `dagster.yaml`.
    """
    home = settings.state_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    source = REPOSITORY / "dagster.yaml"
    target = home / "dagster.yaml"
    if source.is_file():
        shutil.copyfile(source, target)
    elif not target.is_file():
        raise ConfigurationError(
            "Dagster has no dagster.yaml", where=str(target), remedy="copy dagster.yaml from the repository there"
        )
    return home


def dagster_environment(settings: Settings) -> dict[str, str]:
    """The environment for a Dagster process of this instance."""
    return {
        **os.environ,
        HOME_VARIABLE: str(prepare_home(settings)),
        CONFIG_VARIABLE: str(settings.root / CONFIG_NAME),
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
