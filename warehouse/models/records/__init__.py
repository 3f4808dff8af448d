"""Tables that cannot be made again: migrated by Alembic, never dropped."""
