"""Histories from elsewhere: each format is a pure function from the lines of its files to a recording."""

import re
from typing import Final, NamedTuple


class Format(NamedTuple):
    """A format that can be imported: `command` is the word for it, `first` how the first line of its files looks."""

    command: str
    about: str
    first: re.Pattern[bytes]


FORMATS: Final = (
    Format(
        "verifiable",
        "a log of Kafka's verifiable clients",
        re.compile(rb'\{"timestamp":\d+,"name":"(startup_complete|producer_|partitions_|records_|record_data)'),
    ),
    Format("console", "a dump of kcat -J", re.compile(rb'\{"topic":".*","partition":\d+,"offset":\d+')),
    Format(
        "console",
        "a dump of kafka-console-consumer",
        re.compile(rb"((CreateTime|LogAppendTime):-?\d+\t|NO_TIMESTAMP\t)?Partition:\d+\tOffset:\d+"),
    ),
    Format("jepsen", "a history of Jepsen's, in EDN", re.compile(rb"\s*[\[(]?\s*(#jepsen\.history\.Op\s*)?\{:[a-z]")),
)


def looks_like(first: bytes) -> Format | None:
    """The format whose file begins with such a line."""
    return next((each for each in FORMATS if each.first.match(first)), None)
