"""The book of the evening, taken through past crises."""
