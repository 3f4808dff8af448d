"""The backends by name.

Holds: the table, and the one look-up.
Belongs here: nothing else.
Never here: a backend.
"""

from __future__ import annotations

from collections.abc import Mapping

from pipelines.config import BACKENDS as NAMES
from pipelines.config import DeploymentSettings
from pipelines.deployment.cloud import Cloud
from pipelines.deployment.launches import Backend
from pipelines.deployment.lean_cli import LeanCli
from pipelines.deployment.native_engine import NativeEngine
from pipelines.errors import ConfigurationError

BACKENDS: Mapping[str, Backend] = {backend.name: backend for backend in (NativeEngine(), LeanCli(), Cloud())}
"""Every backend by the name it has in `tomking.toml`."""

assert tuple(BACKENDS) == NAMES


def backend_of(deployment: DeploymentSettings) -> Backend:
    """The backend that a deployment names. Raises ConfigurationError where it names none."""
    if deployment.backend is None:
        raise ConfigurationError(
            f"deployment {deployment.name!r} does not say how LEAN is started for it",
            where=f"deployments.{deployment.name}.backend",
            remedy=f"set backend to one of {', '.join(NAMES)}",
        )
    return BACKENDS[deployment.backend]
