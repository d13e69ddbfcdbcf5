"""The command palette: whatever a key does on the screen of the moment, and screens of plugins, by their names."""

from asyncio import to_thread
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.screen import Screen

from papertape.cli.plugins import documentation
from papertape.engine.discovery import load_plugins
from papertape.tui.core.text import shown
from papertape.tui.screens.brought import MODELS

_GIVEN = {one.action for one in (*App.BINDINGS, *Screen.BINDINGS) if isinstance(one, Binding)} | {"command_palette"}
"""What every application of the library does; it has its own commands for them, and needs none to open this palette."""


class KeyCommands(Provider):
    """The keys that do something now and say what."""

    async def discover(self) -> Hits:
        for one, name in self._offered():
            yield DiscoveryHit(name, partial(self._run, one), help=self._key(one))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for one, name in self._offered():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name), partial(self._run, one), help=self._key(one))

    def _offered(self) -> Iterator[tuple[ActiveBinding, str]]:
        for one in self.screen.active_bindings.values():
            ours = isinstance(one.node, App | Screen) and one.binding.action not in _GIVEN
            if ours and one.enabled and one.binding.description:
                yield one, one.binding.description

    def _key(self, one: ActiveBinding) -> str:
        return f"key {self.app.get_key_display(one.binding)}"

    async def _run(self, one: ActiveBinding) -> None:
        await self.app.run_action(one.binding.action, one.node)


class ScreenCommands(Provider):
    """Screens that plugins bring and that no key leads to, with what they say of themselves."""

    _known: tuple[tuple[str, str], ...] = ()

    async def startup(self) -> None:
        plugins = await to_thread(load_plugins)
        offered = plugins.of_kind("screen").values()
        self._known = tuple((part.name, shown(documentation(part).partition("\n")[0])) for part in offered)

    async def discover(self) -> Hits:
        for name, words, go in self._offered():
            yield DiscoveryHit(name.capitalize(), go, help=words)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, words, go in self._offered():
            if (score := matcher.match(name)) > 0:
                yield Hit(score, matcher.highlight(name.capitalize()), go, help=words)

    def _offered(self) -> Iterator[tuple[str, str, Callable[[], Awaitable[object]]]]:
        for name, words in self._known:
            if name != MODELS:
                yield name, words, partial(self.app.run_action, f"go_to({name!r})")
