"""Connections to brokers: asking their web services for what they would otherwise let somebody download by hand."""
