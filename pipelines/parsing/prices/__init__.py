"""Daily prices and what belongs to them, whatever file they come from."""
