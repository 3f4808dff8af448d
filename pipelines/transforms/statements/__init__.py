"""Statement rows against one another: reversals, corrections, generations, days."""
