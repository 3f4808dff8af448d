"""Interactive Brokers: Flex reports and the statements of the client portal."""
