"""Writes docs/reference/ from the code: `make docs`. Nothing there is written by hand, so nothing there can be wrong.

Signatures and fields are taken from the contract's source, so that they read as they are written and do not change with
the Python that runs this.
"""

import ast
import inspect
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import click

from papertape import contract
from papertape.cli import cli
from papertape.cli.features_list import counts, range_words, warmup
from papertape.cli.plugins import allowed, documentation, parameters
from papertape.contract import errors, hookspecs
from papertape.contract.feature import FeatureFamily
from papertape.engine.discovery import load_plugins
from papertape.engine.registered import KINDS
from papertape.features.catalogue import Catalogue
from papertape.features.families import own_families
from papertape.features.request import Feature

REFERENCE = Path(__file__).parent / "reference"
Documented = ast.ClassDef | ast.FunctionDef

KIND_TITLES = {
    "strategy": "Strategies",
    "fusion": "Fusions",
    "sizer": "Sizers",
    "risk-rule": "Risk rules",
    "fee-model": "Fee models",
    "slippage-model": "Slippage models",
    "feed": "Feeds",
    "series": "External series",
    "model-store": "Stores of models",
    "screen": "Screens of the terminal UI",
}


def pages() -> dict[str, str]:
    """Every page of the reference by file name."""
    written = {
        "hooks.md": ("Hooks", hooks()),
        "types.md": ("Types", types()),
        "components.md": ("Components", components()),
        "features.md": ("Features", features()),
        "commands.md": ("Commands", commands()),
        "errors.md": ("Errors and exit codes", exits()),
    }
    index = [f"- [{title}]({name})" for name, (title, _) in written.items()]
    note = "<!-- Written by `make docs` from the code; edit that. -->"
    texts = {name: (title, list(lines)) for name, (title, lines) in written.items()}
    texts["index.md"] = ("Reference", ["What `papertape` offers, word by word.", "", *index])
    return {name: "\n".join([note, f"# {title}", "", *lines]).rstrip() + "\n" for name, (title, lines) in texts.items()}


def hooks() -> Iterator[str]:
    """The plugin API."""
    yield from prose(hookspecs)
    for node in functions(hookspecs):
        yield f"## {node.name}({', '.join(argument.arg for argument in node.args.args)})"
        yield ""
        yield from code(signature(node))
        yield from prose(node)


def types() -> Iterator[str]:
    """What plugins see, in the order of the contract's modules."""
    for module in contract_modules():
        found = [node for node in public(module) if not is_error(node)]
        if not found:
            continue
        yield f"## {(inspect.getdoc(module) or '').splitlines()[0].rstrip('.')}"
        yield ""
        for node in found:
            yield f"### {name_of(node)}"
            yield ""
            yield from class_page(node) if isinstance(node, ast.ClassDef) else alias_page(module, node)


def components() -> Iterator[str]:
    """What comes with papertape."""
    yield "What comes with papertape. `papertape plugins list` shows what is installed here."
    yield ""
    os.environ.pop("PAPERTAPE_PLUGINS_DISABLED", None)
    own = [part for part in load_plugins(reserved=cli.table).components if part.distribution == "papertape"]
    for kind in KINDS:
        parts = [part for part in own if part.kind == kind and kind in KIND_TITLES]
        if parts:
            yield f"## {KIND_TITLES[kind]}"
            yield ""
        for part in parts:
            yield f"### {part.name}"
            yield ""
            yield from text(documentation(part))
            yield from table(
                ["parameter", "type", "default", "allowed", "meaning"],
                [
                    [f"`{row['name']}`", row["type"], f"`{row['default']}`", allowed(row), row["help"]]
                    for row in parameters(part)
                ],
            )


def features() -> Iterator[str]:
    """The feature families that come with papertape, by category."""
    catalogue = Catalogue(own_families())
    listed = list(catalogue.listed())
    counted = counts(listed)
    yield (
        f"{counted['features']:,} features of {counted['families']:,} families: {counted['scale_free']:,} scale-free "
        f"ones of one symbol, {counted['panel']:,} of several symbols, and {counted['levels']:,} that follow price or "
        "volume itself (*level*). Each can be asked for with other parameters (`rsi_9`), with numbers left out that are"
        " the default ones (`bb_width` is `bb_width_20_2`), and of a higher timeframe (`rsi_14@1h`). `REF` in a name "
        "stands for the reference symbol; another may stand there by name, as in `correlation_btc_20`."
    )
    yield ""
    yield (
        "*Memory* says what a late start gives. Window: the value depends on the last candles alone and is the same to "
        "the bit. Decaying: it agrees within 1e-9 of the output's scale. Path: a recursion that is restarted on the "
        "last candles, the same to the bit. *Warm-up* is in candles of the feature's own timeframe; until then a value "
        "is missing."
    )
    yield ""
    for category in dict.fromkeys(family.category for family in catalogue.families.values()):
        yield f"## {category[0].upper() + category[1:]}"
        yield ""
        for family in catalogue.families.values():
            if family.category == category:
                yield from family_page(family, [feature for feature in listed if feature.family is family])


def family_page(family: FeatureFamily, listed: list[Feature]) -> Iterator[str]:
    """A family: its definition, what it gives, and under which parameters the catalogue lists it."""
    yield f"### {family.name}"
    yield ""
    yield from text(inspect.cleandoc(family.definition or ""))
    columns = " ".join(f"`{name}`" for name in family.inputs) or "none"
    all_symbols = " Looks at all symbols at once." if family.panel else ""
    yield f"Columns: {columns}. Memory: {family.memory}.{all_symbols} Version {family.version}."
    yield ""
    yield from table(
        ["output", "unit", "range", "meaning"],
        [
            [f"`{output.name}`", output.unit, range_words(output), output.description + " (*level*)" * output.level]
            for output in family.outputs
        ],
    )
    yield from table(
        ["parameter", "default", "from", "to", "meaning"],
        [[f"`{one.name}`", f"{one.default:g}", f"{one.min:g}", f"{one.max:g}", one.help] for one in family.parameters],
    )
    rows: dict[int, list[str]] = {}
    for feature in listed:
        rows.setdefault(warmup(feature), []).append(f"`{feature.name}`")
    yield from table(["features", "warm-up"], [[" ".join(names), f"{candles:,}"] for candles, names in rows.items()])
    if family.aliases:
        yield "By other names: " + ", ".join(f"`{short}` is `{full}`" for short, full in family.aliases.items()) + "."
        yield ""


def commands() -> Iterator[str]:
    """The command line."""
    yield "Every command also takes `--debug` (shows the traceback of an error), `-v`, `-q` and `--help`."
    yield ""
    root = click.Context(cli, info_name="papertape")
    for name in cli.table:
        command = cli.get_command(root, name)
        assert command is not None, "the table names it"
        yield from command_page(command, click.Context(command, info_name=name, parent=root))


def exits() -> Iterator[str]:
    """Exit codes, and the errors behind them."""
    yield from table(
        ["exit code", "meaning"],
        [
            ["0", "The command did what it was asked; also a session that was stopped cleanly."],
            ["1", "It failed; what was done until then is kept."],
            ["2", "The request itself was wrong: unknown name, bad value, unreadable file, bad configuration."],
        ],
    )
    yield "Messages go to stderr, in one or two plain lines. Plugins may raise these; all are in `papertape`."
    yield ""
    found = [node for node in public(errors) if isinstance(node, ast.ClassDef)]
    rows = [
        [f"`{node.name}`", str(getattr(contract, node.name).exit_code), " ".join(doc(node).split())] for node in found
    ]
    yield from table(["error", "exit code", "when"], rows)


def contract_modules() -> list[ModuleType]:
    """The modules of the contract in the order in which it imports them."""
    tree = ast.parse(inspect.getsource(contract))
    names = [node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module]
    return [sys.modules[name] for name in names if name != hookspecs.__name__]


def public(module: ModuleType) -> list[ast.stmt]:
    """Classes, functions and aliases of a module that the contract offers."""
    body = ast.parse(inspect.getsource(module)).body
    return [node for node in body if name_of(node) in contract.__all__]


def name_of(node: ast.stmt) -> str:
    if isinstance(node, (ast.ClassDef, ast.FunctionDef)):
        return node.name
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return ""


def is_error(node: ast.stmt) -> bool:
    found = getattr(contract, name_of(node))
    return isinstance(found, type) and issubclass(found, Exception)


def functions(module: ModuleType) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(inspect.getsource(module)).body if isinstance(node, ast.FunctionDef)]


def class_page(node: ast.ClassDef) -> Iterator[str]:
    """A class: its fields, what it says, its public methods."""
    head = f"class {node.name}" + (f"({', '.join(map(ast.unparse, node.bases))})" if node.bases else "")
    fields = list(field_lines(node))
    yield from code(head + ":" * bool(fields), *(f"    {field}" for field in fields))
    yield from prose(node)
    for method in methods(node):
        yield f"- `{signature(method)}`" + (f" {' '.join(doc(method).split())}" if doc(method) else "")
    yield ""


def field_lines(node: ast.ClassDef) -> Iterator[str]:
    """Public fields, each with the docstring below it as a comment, and the constructor where it takes keywords."""
    shown = False
    for part in node.body:
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) and shown:
            yield f"# {' '.join(str(part.value.value).split())}"
        target = part.targets[0] if isinstance(part, ast.Assign) else getattr(part, "target", None)
        shown = isinstance(target, ast.Name) and not target.id.startswith("_")
        if shown:
            yield ast.unparse(part)
        if isinstance(part, ast.FunctionDef) and part.name == "__init__" and part.args.kwonlyargs:
            yield signature(part)


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """Public methods and properties, once each."""
    return [
        part
        for part in node.body
        if isinstance(part, ast.FunctionDef)
        and not part.name.startswith("_")
        and not any(ast.unparse(decorator).endswith((".setter", "overload")) for decorator in part.decorator_list)
    ]


def alias_page(module: ModuleType, node: ast.stmt) -> Iterator[str]:
    """An alias: what it stands for, and the docstring below it."""
    yield from code(ast.unparse(node))
    body = ast.parse(inspect.getsource(module)).body
    after = body[[name_of(part) for part in body].index(name_of(node)) + 1]
    if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
        yield from text(str(after.value.value))


def command_page(command: click.Command, context: click.Context) -> Iterator[str]:
    """A command, and the commands of a group below it."""
    yield f"## {context.command_path}"
    yield ""
    if isinstance(command, click.Group):
        yield from text(inspect.cleandoc(command.help or ""))
        for name in command.list_commands(context):
            part = command.get_command(context, name)
            assert part is not None, "it lists what it has"
            yield from command_page(part, click.Context(part, info_name=name, parent=context))
        return
    yield from code(" ".join([context.command_path, *command.collect_usage_pieces(context)]), language="")
    yield from text(inspect.cleandoc(command.help or ""))
    options = [param for param in command.params if isinstance(param, click.Option) and param.expose_value]
    yield from table(["option", "meaning"], [[option_words(option, context), option.help or ""] for option in options])


def option_words(option: click.Option, context: click.Context) -> str:
    spellings = ", ".join([*option.opts, *option.secondary_opts])
    return f"`{spellings}`" if option.is_flag else f"`{spellings} {option.make_metavar(context)}`"


def signature(node: ast.FunctionDef) -> str:
    """`name(arguments) -> result` as the source has it; a property is its name and type."""
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if any(ast.unparse(decorator) == "property" for decorator in node.decorator_list):
        return node.name + result
    return f"{node.name}({ast.unparse(node.args)}){result}"


def doc(node: Documented | ast.Module) -> str:
    return ast.get_docstring(node) or ""


def prose(thing: ModuleType | Documented) -> Iterator[str]:
    yield from text(inspect.getdoc(thing) or "" if isinstance(thing, ModuleType) else doc(thing))


def text(docstring: str) -> Iterator[str]:
    """A docstring as Markdown: examples and indented blocks become code."""
    for paragraph in docstring.strip().split("\n\n"):
        if paragraph.startswith(">>>"):
            yield from code(paragraph)
        else:
            yield paragraph.strip("\n")
            yield ""


def code(*lines: str, language: str = "python") -> Iterator[str]:
    yield from [f"```{language}", *lines, "```", ""]


def table(headers: list[str], rows: list[list[Any]]) -> Iterator[str]:
    """A Markdown table; nothing without rows."""
    if rows:
        for row in [headers, ["---"] * len(headers), *rows]:
            yield "| " + " | ".join(str(cell).replace("|", r"\|").replace("\n", " ") for cell in row) + " |"
        yield ""


if __name__ == "__main__":
    REFERENCE.mkdir(exist_ok=True)
    for page in REFERENCE.glob("*.md"):
        page.unlink()
    for name, content in pages().items():
        (REFERENCE / name).write_text(content, "utf-8")
