"""Strategy trades from fills: joined, named, chained, measured."""
