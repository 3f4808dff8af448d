"""The work between pure code and the warehouse; Dagster assets and commands both call it."""
