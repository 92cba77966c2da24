"""Bring your broker before the law: what a message broker owes its users, and a suite that holds it to that."""

__version__ = "0.1.0"
