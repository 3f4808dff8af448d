"""Returns, matrices, labels and how good they are."""
