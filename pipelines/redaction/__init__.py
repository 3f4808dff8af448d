"""Statements made fit to show: who, where and which account are gone, what was traded and what it cost stays."""
