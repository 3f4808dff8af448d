"""Money of runs, recomputed from events of the warehouse."""
