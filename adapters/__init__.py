"""The contract between the suite and a broker, and the brokers we can talk to."""
