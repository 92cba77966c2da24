"""`brokerlaw guards PROTOCOL`: what each guard is for."""

from typing import Final

import click
from click.exceptions import Exit

from brokerlaw.cli import selection, streams
from brokerlaw.cli.errors import one_line

EXIT: Final = {"told": 0, "violated": 1, "incomplete": 3, "vacuous": 3}


@click.command()
@click.argument("protocol")
@click.option("--set", "sizes", multiple=True, metavar="SORT=N", help="The bound of a sort (Broker=3).")
@click.option("--variant", help="Take this variant of the protocol.")
@click.option("--every", is_flag=True, help="Tell all that breaks, not only what breaks first.")
@click.option("--max-states", type=click.IntRange(1), default=2_000_000, show_default=True, help="For each guard.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the steps of each trace.")
def guards(
    protocol: str, sizes: tuple[str, ...], variant: str | None, every: bool, max_states: int, as_json: bool
) -> None:
    """Drop each guard of PROTOCOL in turn, and say what then breaks, in how many steps.

    PROTOCOL is a name, or FILE.py:CLASS. `brokerlaw trace PROTOCOL --drop ACTION:K` shows the steps. Exit codes: 0 all
    was told; 1 the protocol is broken already; 2 misuse; 3 some search did not come to its end, or nothing is
    stated that could break.
    """
    from brokerlaw.render import guards as report
    from brokerlaw.spec.language import SpecError
    from brokerlaw.spec.language.guards import guards as guards_

    with one_line(SpecError):
        spec = selection.chosen(protocol, variant)
        found = guards_(spec, selection.sizes(sizes), every=every, max_states=max_states)
    if found.whole.note:
        click.echo(found.whole.note, err=True)
    if as_json:
        import json

        streams.say(json.dumps(report.data(found), indent=2))
    else:
        streams.say(report.render(found))
    raise Exit(EXIT[found.outcome])
