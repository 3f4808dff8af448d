"""Starting LEAN, and what became of each start."""
