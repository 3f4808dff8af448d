"""Why a fee was what it was, and what it would have been elsewhere."""
