"""Which rows of two sides are the same: fills, orders, events."""
