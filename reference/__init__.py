"""A small broker cluster that satisfies the spec, deterministic to the byte."""
