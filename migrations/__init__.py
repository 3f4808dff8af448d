"""Migrations of the schemas that cannot be made again, numbered and forward-only.

Holds: Alembic's environment, the migrations, the drafting of a further one.
Belongs here: changes of schemas `records` and `ops`.
Never here: derived tables and views, which are rebuilt (`warehouse.build_derived`).
"""
