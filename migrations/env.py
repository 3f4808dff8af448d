"""How Alembic runs here: on the connection it is given, over the two migrated schemas.

Holds: the migration context.
Belongs here: what Alembic must know about DuckDB.
Never here: opening a file (`warehouse.migration_run` does, with the lock held and the transaction open).
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import context

from warehouse.catalogue import VERSION_TABLE
from warehouse.models import Base
from warehouse.models.base import MIGRATED_SCHEMAS, OPS


def include_object(found: Any, _name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
    """Whether a declared object is Alembic's: derived tables are rebuilt, never migrated."""
    return kind != "table" or found.schema in MIGRATED_SCHEMAS


def configure(connection: sa.Connection) -> None:
    """Set the context up on an open connection."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_name=lambda name, kind, _parents: kind != "schema" or name in MIGRATED_SCHEMAS,
        include_object=include_object,
        version_table=VERSION_TABLE,
        version_table_schema=OPS,
        transactional_ddl=True,
        transaction_per_migration=False,
    )


configure(context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
