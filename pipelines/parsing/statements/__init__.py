"""What every broker's statements have in common: rows, identity, formats, columns."""
