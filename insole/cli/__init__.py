"""The command line: one file a command, heavy imports inside the commands; nobody imports it.

``insole --help`` loads neither numpy nor any command: the group knows its commands by name and one line each.
Exit codes: 0 ok, 1 failure, 2 usage, 3 the guard refused, 130 Ctrl-C.
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper

import click

from insole.errors import InsoleError

EXIT_FAILURE, EXIT_USAGE, EXIT_GUARD, EXIT_INTERRUPTED = 1, 2, 3, 130

#: command -> (module, one line for the overview)
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", "Two simulated insoles, four trials, one comparison: the whole way in a minute."),
    "devices": ("devices", "List the serial ports an insole could be on."),
    "record": ("record", "Record one trial from two insoles (or one) into a trial file."),
    "info": ("info", "Say what a trial file holds, without analysing it."),
    "analyse": ("analyse", "Find the steps of a trial and work out its indices."),
    "compare": ("compare", "Compare two conditions: difference, interval, floor, verdict."),
    "import": ("import_", "Turn a recording of another instrument into a trial file."),
    "gui": ("gui", "Open the window (compare page)."),
    "simulate": ("simulate", "Run the real firmware on simulated boards, and give each a port."),
    "template": ("template", "Draw the 1:1 template of an insole, to print: outline, sensors, numbers."),
    "doctor": ("doctor", "Say what is installed where, and what is missing."),
}


class LazyGroup(click.Group):
    """A group that imports a command when it is run, not when it is listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in the order of a visit."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"insole.cli.{COMMANDS[cmd_name][0]}").command
        if not isinstance(command, click.Command):
            raise TypeError(f"insole.cli.{COMMANDS[cmd_name][0]}.command is no command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when one is misspelt."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; commands are {', '.join(COMMANDS)}"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="insole", message="insole %(version)s")
def cli() -> None:
    """Plantar pressure insoles on a treadmill: record, analyse, compare shod with barefoot.

    The medial loading index (MLI) says how far the load under the foot lies to the inner side. It is a proxy for
    pronation, measured as pressure; it is no joint angle and no diagnosis.
    """


def main(argv: list[str] | None = None) -> int:
    """Run the command line; every error becomes one line and an exit code. Returns that code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a code page without the letters of a table still gets the table
            stream.reconfigure(errors="backslashreplace" if stream is sys.stderr else "replace")
    try:
        result = cli.main(args=argv, prog_name="insole", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        return _fail(error.format_message(), EXIT_USAGE, _help_hint(error))
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        return _fail(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _fail("stopped by Ctrl-C", EXIT_INTERRUPTED)
    except InsoleError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) went away: nothing left to say, and nowhere to say it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILURE
    except MemoryError:
        return _fail("not enough memory for this; close other programs or use a shorter trial", EXIT_FAILURE)
    except Exception as error:
        if os.environ.get("INSOLE_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            words = f"the output could not be written ({error.strerror}); make room or send it elsewhere"
            return _fail(words, EXIT_FAILURE)
        return _fail(
            f"internal error: {type(error).__name__}: {error}".splitlines()[0], EXIT_FAILURE,
            "This is a defect of Insole. Run it again with INSOLE_DEBUG=1 and report what it prints.",
        )  # fmt: skip


def entry() -> None:
    """Entry point of the ``insole`` program."""
    sys.exit(main())


def _fail(message: str, code: int, hint: str = "") -> int:
    # One line, whatever stood in an address or a file name; what a terminal would obey is shown instead.
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)
    with suppress(OSError):  # nobody listens any more; the code still tells
        click.echo(f"insole: {line}", err=True)
        if hint:
            click.echo(hint, err=True)
    return code


def _help_hint(error: click.UsageError) -> str:
    return "" if error.ctx is None else f"See '{error.ctx.command_path} --help'."
