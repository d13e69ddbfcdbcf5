"""The `papertape` command: built-in commands are imported when they are named, plugins' commands when no other fits."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click

from papertape.cli.edge import run_and_exit, show_traceback
from papertape.cli.options import DEBUG, with_common_options
from papertape.cli.output import printable


class Entry(NamedTuple):
    """Where a built-in command lives, and its short help, so that `--help` imports none of them."""

    module: str
    attribute: str
    help: str


class Root(click.Group):
    """A group over a table of entries, then over the commands that plugins register."""

    def __init__(self, *args: Any, table: Mapping[str, Entry], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.table = table

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """The way in of the program; without `standalone_mode`, click's own."""
        inner = partial(super().main, args, prog_name, complete_var, standalone_mode=False, **extra)
        return run_and_exit(inner) if standalone_mode else inner()

    def invoke(self, ctx: click.Context) -> None:
        """Runs the command; what it returns is no exit code, so it goes no further."""
        try:
            super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            if ctx.meta.get(DEBUG):
                show_traceback(error)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Built-in commands in the table's order, then those of plugins by name."""
        return [*self.table, *sorted(self._plugin_commands(listing=True))]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, imported now; None if there is none."""
        if cmd_name in self.table:
            entry = self.table[cmd_name]
            return with_common_options(getattr(import_module(entry.module), entry.attribute))
        return self._plugin_commands(listing=False).get(cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; an unknown name is answered with the nearest ones."""
        name = args[0]
        if not name.startswith("-") and not ctx.resilient_parsing and self.get_command(ctx, name) is None:
            near = get_close_matches(name, self.list_commands(ctx))
            hint = f"did you mean {' or '.join(near)}?" if near else "there is none of a similar name."
            raise click.UsageError(f"no command {name!r}; {hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, without importing one."""
        offered = self._plugin_commands(listing=True)
        room = formatter.width - 6 - max(map(len, [*self.table, *offered]))
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in self.table.items()])
        if offered:
            with formatter.section("Commands of plugins"):
                shown = ((name, command.get_short_help_str(room)) for name, command in sorted(offered.items()))
                formatter.write_dl([(printable(name), printable(text)) for name, text in shown])

    def _plugin_commands(self, listing: bool) -> dict[str, click.Command]:
        """Commands of plugins by name. For a listing, plugins whose source does not speak of commands stay unloaded."""
        if listing and not any(map(offers_commands, entry_points(group="papertape"))):
            return {}
        from papertape.engine.discovery import load_plugins

        plugins = load_plugins(reserved=self.table, only=offers_commands if listing else None)
        return {name: part.object for name, part in plugins.of_kind("command").items()}


def offers_commands(point: EntryPoint) -> bool:
    """Whether the plugin's source speaks of `register_commands`; found out without importing it."""
    try:
        spec = find_spec(point.module)
        return spec is not None and spec.origin is not None and b"register_commands" in Path(spec.origin).read_bytes()
    except (Exception, SystemExit):  # noqa: BLE001  # its parent package fails to import; `plugins list` says how
        return False
