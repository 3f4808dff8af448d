"""The migrations, numbered without gaps, each with one sentence that says what it changes."""
