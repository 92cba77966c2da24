"""Histories of Jepsen's Kafka workload (`jepsen.tests.kafka`), from its `history.edn`.

What its clients do, and what is taken for granted here: each process has a producer and a consumer, all of one group;
a process that ends with `:info` (or says `:end-process?`) is torn down, and its number never comes again. With
transactions, all that an operation does is one transaction, which also commits what it polled; one that fails is
aborted, and the consumer goes back to where it was. Without, a subscribed consumer commits after it polled.
Sources: jepsen.tests.kafka; jepsen.redpanda.workload.queue, whose client Bufstream's tests use too.
"""
