"""The database: schema, access, raw store, published copies, backups.

Holds: everything that opens, changes, copies or mends the database file.
Belongs here: what both the `tomking` command and the Dagster steps need of the file.
Never here: an orchestrator, the network, or what a row means to a trader.
"""
