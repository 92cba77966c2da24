"""`brokerlaw convert HISTORY FOLDER`: a history in columns, which is judged many times faster."""

from pathlib import Path

import click

from brokerlaw.cli import streams
from brokerlaw.cli.errors import CliError
from brokerlaw.cli.inputs import folded_with_place, opened_recording
from brokerlaw.spec.history import column_files


@click.command()
@click.argument("history", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
def convert(history: Path, folder: Path) -> None:
    """Write HISTORY, a history file or a trace, as columns into the new FOLDER: Parquet files, one for each table.

    `judge FOLDER` finds what `judge HISTORY` does, without reading and folding it again. Needs pyarrow (the extra
    columns).
    """
    if folder.exists():
        raise CliError(f"{folder} exists: name a folder that does not")
    with opened_recording(history) as given:
        folded = folded_with_place(given)
    try:
        column_files.write(folder, folded)
    except ImportError as error:
        raise CliError("columns need pyarrow: pip install 'brokerlaw[columns]'") from error
    except OSError as error:
        raise CliError(f"{folder} cannot be written: {error.strerror or error}") from error
    operations, records = len(folded.facts.operations.row), len(folded.facts.returned.op)
    streams.say(f"{operations} operations and {records} records read are in {folder}: brokerlaw judge {folder}")
