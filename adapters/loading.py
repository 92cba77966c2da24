"""From where a class is to the class: `package.module:Class` or `path/to/file.py:Class`.

What is imported is an author's code: whatever it raises, SystemExit too, is told as a fault of the adapter.
"""

import importlib
import inspect
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from brokerlaw.adapters.contract import Adapter, AdapterError, Misuse
from brokerlaw.adapters.errors import told
from brokerlaw.spec.scripts import execute, module_of
from brokerlaw.spec.text import did_you_mean

EXTRAS: Final = {"confluent_kafka": "kafka", "z3": "prove"}
"""The extra that brings a module."""


class Place(NamedTuple):
    """Where a class is."""

    module: str
    attribute: str

    @property
    def is_file(self) -> bool:
        """Whether the module is named by its file."""
        return self.module.endswith(".py")


def place(name: str, target: str) -> Place:
    """The place that is meant. Raises `AdapterError` where there can be none."""
    module, _, attribute = target.rpartition(":")
    if not module or not attribute:
        raise AdapterError(f"{name} names no class: write py:package.module:Class or py:path/to/file.py:Class")
    found = Place(module, attribute)
    if found.is_file and not Path(module).is_file():
        raise AdapterError(f"{name}: there is no file {module}")
    return found


def load(name: str, target: str) -> type[Adapter]:
    """The adapter's class. Raises `AdapterError`."""
    module, attribute = wanted = place(name, target)
    try:
        loaded: Any = _file(Path(module)) if wanted.is_file else _module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _unusable(name, error) from error
    for part in attribute.split("."):
        if not hasattr(loaded, part):
            raise AdapterError(f"{name}: {module} has no {attribute}{_adapters_there(attribute, loaded)}")
        loaded = getattr(loaded, part)
    if not _is_adapter(loaded):
        raise Misuse.NO_ADAPTER.error(name)
    kind: type[Adapter] = loaded
    return kind


def about(kind: type[Adapter]) -> str:
    """What it says about itself, in a line."""
    return (inspect.getdoc(kind) or "").partition("\n")[0]


def _module(module: str) -> ModuleType:
    if "" not in sys.path and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last, so that it shadows nothing that is installed
    return importlib.import_module(module)


def _file(path: Path) -> ModuleType:
    name = f"brokerlaw_adapter_{path.stem}"
    module = sys.modules[name] = module_of(path, name)
    sys.path.append(str(path.parent.resolve()))  # for the modules beside it
    execute(module)
    return module


def _adapters_there(wanted: str, module: object) -> str:
    classes = [key for key, value in vars(module).items() if _is_adapter(value)]
    hint = did_you_mean(wanted, classes)
    return (f" ({hint})" if hint else "") + _listed(classes)


def _listed(classes: Iterable[str]) -> str:
    names = ", ".join(classes)
    return f"; adapters there: {names}" if names else ""


def _is_adapter(found: object) -> bool:
    return isinstance(found, type) and issubclass(found, Adapter) and found is not Adapter


def _unusable(name: str, error: BaseException) -> AdapterError:
    missing = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if missing in EXTRAS:
        mend = f"pip install '.[{EXTRAS[missing]}]' in a checkout of brokerlaw"
        return AdapterError(f"{name} needs {missing}, which is not installed: {mend}")
    return Misuse.CANNOT_IMPORT.error(name, reason=told(error))


if __name__ == "__main__":
    try:
        print(about(load(sys.argv[1], sys.argv[2])))
    except AdapterError as error:
        sys.exit(str(error))
