"""The pipeline: parsing, transforms, the steps between them and the warehouse, Dagster, the command line."""
