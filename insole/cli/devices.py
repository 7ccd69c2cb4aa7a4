"""``insole devices``: the serial ports an insole could be on."""

from __future__ import annotations

import click

from insole.cli.console import messages, quiet_option, results


@click.command(name="devices")
@quiet_option
def command(quiet: bool) -> int:
    """List the serial ports of this machine.

    Opening a port resets most Arduino boards, so this only looks; 'insole record' asks the board which side it is.
    """
    from rich.table import Table
    from rich.text import Text

    from acquisition.link import available_ports

    ports = available_ports()
    if not ports:
        messages(quiet).print(
            "No serial ports found. Plug in the insole's USB cable; without one, try --left sim://left?gait=run",
            markup=False,
        )
        return 0
    table = Table()
    for title in ("Address", "What it says it is", "Serial"):
        table.add_column(title)
    for port in ports:
        table.add_row(Text(port.url), Text(port.description or "–"), Text(port.serial_number or "–"))
    results(quiet).print(table)
    return 0
