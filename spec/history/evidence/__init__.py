"""What a history proves: its tables joined into the facts that invariants are stated over."""
