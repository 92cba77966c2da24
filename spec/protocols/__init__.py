"""The protocols of brokers and their clients, each one page."""
