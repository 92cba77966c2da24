"""What clients saw: operations, each with its invocation and its completion; rows, columns, evidence."""
