"""Write the beginning of an adapter: files to be copied, with the author's name for MyBroker in them."""

import re
import shlex
from pathlib import Path
from typing import Final, Literal, TypeAlias

from brokerlaw.adapters.contract import AdapterError

Language: TypeAlias = Literal["python", "node"]
FOLDER: Final = Path(__file__).with_name("templates")
FILES: Final[dict[Language, tuple[str, ...]]] = {"python": ("adapter.py",), "node": ("adapter.mjs", "serve.mjs")}


def write(name: str, language: Language, folder: Path) -> str:
    """Write the files, overwriting none; returns the adapter's name for other commands. Raises `AdapterError`."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
        raise AdapterError(f"{name!r} is no name for an adapter: use letters, digits, - and _, a letter first")
    taken = [file for file in FILES[language] if (folder / file).exists()]
    if taken:
        raise AdapterError(f"{folder / taken[0]} is there already: choose another --out, or remove it")
    folder.mkdir(parents=True, exist_ok=True)
    words = re.split("[-_]", name)
    class_name = "".join(word[:1].upper() + word[1:] for word in words)
    for file in FILES[language]:
        text = (FOLDER / file).read_text().replace("MyBroker", class_name).replace("my-broker", name)
        (folder / file).write_text(text)
    if language == "python":
        return f"py:{folder / 'adapter.py'}:{class_name}"
    return f"cmd:node {shlex.quote(str(folder / 'adapter.mjs'))}"
