"""Pictures: what is drawn for reports and for the Dagster UI."""
