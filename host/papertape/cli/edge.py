"""The edge of the program: whatever ends a command early becomes one or two plain lines and an exit code."""

import errno
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

import click
from click.exceptions import NoArgsIsHelpError

from papertape.cli.output import printable, say


def run_and_exit(command: Callable[[], object]) -> NoReturn:
    """Runs `command` and leaves the interpreter with its exit code; None counts as 0."""
    try:
        code = command()
        sys.stdout.flush()
    except click.Abort:
        say("Interrupted.", level=-1)
        code = 1
    except NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        code = error.exit_code
    except click.ClickException as error:
        say(*_usage(error), level=-1)
        code = error.exit_code
    except BrokenPipeError:
        code = _reader_left()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001  # the last place before the user: else there would be a traceback
        if isinstance(error, OSError) and error.errno == errno.EPIPE:
            code = _reader_left()
        else:
            text, code = _explain(error)
            say(text, level=-1)
    sys.exit(code if isinstance(code, int) else 0)


def show_traceback(error: BaseException) -> None:
    """Prints the traceback of `error` to stderr, for `--debug`."""
    click.echo(printable("".join(traceback.format_exception(error)), keep="\n"), err=True, nl=False)


def _usage(error: click.ClickException) -> list[str]:
    lines = ["Error: " + " ".join(error.format_message().split())]
    if isinstance(error, click.UsageError) and error.ctx is not None:
        lines.append(f"`{error.ctx.command_path} --help` shows what it takes.")
    return lines


def _explain(error: BaseException) -> tuple[str, int]:
    # Not imported before there is an error: the contract brings numpy, and `--help` has no use for it.
    from papertape.contract.errors import PapertapeError

    if isinstance(error, PapertapeError):
        return f"Error: {error}", error.exit_code
    first_line = (str(error).strip().splitlines() or ["no message"])[0]
    return f"Error: {type(error).__name__}: {first_line} (unexpected; --debug shows the traceback)", 1


def _reader_left() -> int:
    """Whoever read our output, `head` say, has closed it: nothing is left to say, and the last flush must not fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
