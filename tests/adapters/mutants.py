"""The reference with several of its mutants at once: `--settings mutants=dirty-read,KAFKA-9807`."""

from collections.abc import Mapping

from brokerlaw.reference.adapter import ReferenceAdapter
from brokerlaw.reference.cluster import Parts
from brokerlaw.reference.mutants import parts_of


class Mutants(ReferenceAdapter):
    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__({key: value for key, value in settings.items() if key != "mutants"})
        names = settings.get("mutants", "").split(",")
        mine = [(part, kind) for name in names if name for part, kind in parts_of(name)._asdict().items()]
        sound = Parts()._asdict()
        self._parts = Parts(**{part: kind for part, kind in mine if kind is not sound[part]})
        self._build()
