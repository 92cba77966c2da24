"""Liars: wrappers around any adapter that lie in one way each, made from the table of operations."""
