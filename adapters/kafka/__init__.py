"""Apache Kafka and everything that speaks its protocol."""
