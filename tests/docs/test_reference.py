"""The reference cannot drift from the code, and nothing that plugins meet is undocumented."""

import ast
import inspect

import pytest
from docs.generate import REFERENCE, contract_modules, doc, functions, methods, pages, public

from papertape.contract import hookspecs

ELSEWHERE = ("command", "feature")
"""Kinds that have pages of their own."""
PAGES = pages()
CLASSES = [node for module in contract_modules() for node in public(module) if isinstance(node, ast.ClassDef)]


@pytest.mark.parametrize("name", PAGES)
def test_the_generated_page_is_up_to_date(name: str) -> None:
    page = REFERENCE / name
    assert page.is_file() and page.read_text("utf-8") == PAGES[name], f"run `make docs`: {name} is out of date"


def test_no_page_is_left_over_from_before() -> None:
    assert {page.name for page in REFERENCE.iterdir()} == set(PAGES)


@pytest.mark.parametrize("hook", functions(hookspecs), ids=lambda hook: hook.name)
def test_every_hook_is_documented_with_its_exact_signature(hook: ast.FunctionDef) -> None:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook.name)).parameters)
    assert f"## {hook.name}({arguments})\n" in PAGES["hooks.md"]
    assert len(doc(hook)) > 40 and doc(hook) in PAGES["hooks.md"]


@pytest.mark.parametrize("node", CLASSES, ids=lambda node: node.name)
def test_every_type_and_error_of_the_contract_says_what_it_is(node: ast.ClassDef) -> None:
    assert doc(node)


def test_every_public_method_of_the_contract_is_documented() -> None:
    silent = [f"{node.name}.{method.name}" for node in CLASSES for method in methods(node) if not doc(method)]
    assert silent == []


def test_every_component_and_command_has_its_section() -> None:
    from papertape.cli import COMMANDS
    from papertape.engine.discovery import load_plugins

    own = [
        part for part in load_plugins().components if part.distribution == "papertape" and part.kind not in ELSEWHERE
    ]
    assert not [part.name for part in own if f"\n### {part.name}\n" not in PAGES["components.md"]]
    assert not [name for name in COMMANDS if f"\n## papertape {name}\n" not in PAGES["commands.md"]]
