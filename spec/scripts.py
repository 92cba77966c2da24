"""A Python file of a user's, as a module: executed as `python FILE` would, with nothing compiled read or left behind.

What Python keeps compiled beside a file is told from newer text by its size and its second alone.
"""

from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NoReturn


class _Anew(SourceFileLoader):
    def path_stats(self, path: object) -> NoReturn:
        raise OSError(f"nothing compiled of {path} is read or kept")


def module_of(path: Path, name: str) -> ModuleType:
    """The module, which is yet to be executed."""
    spec = spec_from_file_location(name, path, loader=_Anew(name, str(path)))
    assert spec is not None  # there is a loader
    return module_from_spec(spec)


def execute(module: ModuleType) -> None:
    """Raises whatever the file raises."""
    assert module.__spec__ is not None and module.__spec__.loader is not None
    module.__spec__.loader.exec_module(module)
