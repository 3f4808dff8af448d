"""The subcommands of `tomking`, one file per noun; `pipelines.cli` assembles them."""
