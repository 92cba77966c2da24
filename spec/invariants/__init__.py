"""Predicates over histories, one for each promise a broker makes."""
