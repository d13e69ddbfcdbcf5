"""`papertape plugins`: what is installed, from where, and whether it is in order."""

import inspect
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import click

from papertape.cli import COMMANDS
from papertape.cli.options import json_option
from papertape.cli.output import print_fields, print_json, print_table, print_text, say

if TYPE_CHECKING:
    from papertape.engine.registered import Registered

KIND_WORDS = ["strategy", "fusion", "sizer", "risk-rule", "fee-model", "slippage-model", "feed", "command"]


@click.group()
def plugins() -> None:
    """What is installed, from where, and whether it is in order.

    Example: papertape plugins list
    """


@plugins.command("list")
@click.option("--kind", type=click.Choice(KIND_WORDS), help="Components of this kind alone.")
@json_option
def list_plugins(kind: str | None, as_json: bool) -> None:
    """Every component with the plugin, distribution and version it came from; then the plugins left out, and why.

    Example: papertape plugins list --kind strategy
    """
    from papertape.engine.discovery import load_plugins

    found = load_plugins(reserved=COMMANDS)
    parts = [part for part in found.components if kind in (None, part.kind)]
    if as_json:
        print_json(
            {
                "components": [brief(part) for part in parts],
                "failures": [
                    {
                        "plugin": failure.plugin,
                        "distribution": failure.distribution,
                        "version": failure.version,
                        "reason": failure.reason,
                    }
                    for failure in found.failures
                ],
                "disabled": list(found.disabled),
            }
        )
        return
    headers = ["kind", "name", "plugin", "distribution", "version", "what it does"]
    print_table(headers, [list(brief(part).values()) for part in parts])
    if found.disabled:
        print_text("", "Switched off by PAPERTAPE_PLUGINS_DISABLED: " + ", ".join(found.disabled))
    if found.failures:
        print_text("", "Left out:")
        rows = [[failure.plugin, failure.distribution, failure.version, failure.reason] for failure in found.failures]
        print_table(["plugin", "distribution", "version", "reason"], rows)
        for failure in found.failures:
            say("", f"{failure.plugin}:", *failure.details.split("\n"), level=1)


@plugins.command()
@click.argument("name", metavar="NAME")
@click.option("--kind", type=click.Choice(KIND_WORDS), help="Needed where the name stands for several.")
@json_option
def show(name: str, kind: str | None, as_json: bool) -> None:
    """One component, or the strategy in a .py file: its parameters, its documentation, its source and the code's hash.

    Example: papertape plugins show ema-cross
    """
    part = _named(name, kind)
    about = brief(part) | {
        "parameters": parameters(part),
        "source": part.source_file(),
        "code_hash": part.code_hash(),
        "doc": documentation(part),
    }
    if as_json:
        print_json(about)
        return
    print_fields(
        {key: about[key] for key in ("name", "kind", "plugin", "distribution", "version", "source", "code_hash")}
    )
    if about["doc"]:
        print_text("", *about["doc"].split("\n"))
    if about["parameters"]:
        print_text("")
        print_table(
            ["parameter", "type", "default", "allowed", "meaning"],
            [
                [row["name"], row["type"], _shown(row["default"]), allowed(row), row["help"]]
                for row in about["parameters"]
            ],
        )


def brief(part: "Registered") -> dict[str, Any]:
    """A component in one row."""
    return {
        "kind": part.kind,
        "name": part.name,
        "plugin": part.plugin,
        "distribution": part.distribution,
        "version": part.version,
        "summary": documentation(part).partition("\n")[0],
    }


def documentation(part: "Registered") -> str:
    """What the component says about itself; empty where it says nothing."""
    text = part.object.help if part.kind == "command" else part.object.__doc__
    return inspect.cleandoc(text or "")


def parameters(part: "Registered") -> list[dict[str, Any]]:
    """The component's parameters as JSON values, in the order in which it declares them."""
    if part.kind in ("command", "feature", "screen"):
        return []
    return [
        {
            "name": param.name,
            "type": param.type.__name__,
            "default": _plain(param.default),
            "min": param.min,
            "max": param.max,
            "choices": [_plain(choice) for choice in param.choices],
            "help": param.help,
        }
        for param in part.object.params().values()
    ]


def allowed(row: dict[str, Any]) -> str:
    """The values that a parameter takes, in words; empty where its type says it all."""
    if row["choices"]:
        return ", ".join(map(str, row["choices"]))
    if row["min"] is not None and row["max"] is not None:
        return f"{row['min']} to {row['max']}"
    if row["min"] is not None:
        return f"{row['min']} or more"
    return f"{row['max']} or less" if row["max"] is not None else ""


def _named(name: str, kind: str | None) -> "Registered":
    from papertape.contract import PluginError, RequestError, UnknownComponent
    from papertape.engine.discovery import load_plugins, load_strategy_file
    from papertape.engine.registered import KINDS, Kind

    if name.endswith(".py"):
        return load_strategy_file(name)
    found = load_plugins(reserved=COMMANDS)
    kinds: list[Kind] = [each for each in KINDS if kind in (None, each)]
    holding = [each for each in kinds if name in found.of_kind(each)]
    if len(holding) > 1:
        raise RequestError(f"{name!r} is the name of a {' and of a '.join(holding)}; choose with --kind")
    if holding or len(kinds) == 1:
        return found.find((holding or kinds)[0], name)
    for failure in found.failures:
        if failure.plugin == name:
            raise PluginError(f"plugin {name!r} is left out: {failure.reason}")
    near = get_close_matches(name, [part.name for part in found.components if part.name != "none"])
    hint = f"did you mean {' or '.join(near)}? " if near else ""
    raise UnknownComponent(f"no component is called {name!r}; {hint}`papertape plugins list` names them all")


def _shown(value: object) -> str:
    return "none" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
