"""Strategy trades, from fills of the warehouse back into it."""
