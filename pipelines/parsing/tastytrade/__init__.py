"""tastytrade's exports and API replies, of every generation."""
