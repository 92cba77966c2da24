"""Print: a protocol as Markdown for people, as TLA+ and Murphi for other checkers. Each is a fold over terms."""
