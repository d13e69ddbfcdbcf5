"""`papertape completion`."""

import click
from click.shell_completion import get_completion_class

from papertape.cli.output import print_text


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Prints the lines that teach a shell to complete papertape.

    Example, for bash: papertape completion bash > ~/.local/share/bash-completion/completions/papertape
    """
    made = get_completion_class(shell)
    assert made is not None, "the choices are those that click knows"
    print_text(*made(context.find_root().command, {}, "papertape", "_PAPERTAPE_COMPLETE").source().split("\n"))
