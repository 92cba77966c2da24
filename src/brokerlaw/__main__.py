"""`python -m brokerlaw` is the same as `brokerlaw`."""

from brokerlaw.cli.main import main

main()
