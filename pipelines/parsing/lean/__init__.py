"""What LEAN writes: results, events, logs, charts, configuration, the algorithm's journal; one file per source format."""
