"""The language protocols are written in: one function, four readings."""
