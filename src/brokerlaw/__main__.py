"""`python -m brokerlaw` is the same as `brokerlaw`."""

from brokerlaw.cli.entry import main

main()
