"""The one resource of every asset: the instance's settings and its warehouse.

Holds: `WarehouseResource`.
Belongs here: what a step needs from outside.
Never here: queries.
"""

from pathlib import Path

import dagster as dg

from pipelines.config import Settings, load_settings
from warehouse.access import Warehouse


class WarehouseResource(dg.ConfigurableResource[None]):
    """Settings and warehouse of the instance that `config_path`, or TOMKING_CONFIG, names."""

    config_path: str | None = None

    def settings(self) -> Settings:
        """The settings, read anew for every step, so that an edit counts from the next step on."""
        return load_settings(Path(self.config_path) if self.config_path else None)

    def warehouse(self) -> Warehouse:
        """The warehouse of the instance."""
        settings = self.settings()
        return Warehouse(settings.state_dir, backups_kept=settings.retention.backups)
