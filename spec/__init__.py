"""What must hold: histories, invariants, protocols. Pure: no I/O, no clock, no broker."""
