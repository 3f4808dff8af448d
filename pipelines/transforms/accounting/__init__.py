"""The money of a run: lots, cash, splits, and LEAN's own totals beside ours."""
