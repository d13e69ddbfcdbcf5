"""Screens that plugins bring, such as that of models; and what is said where one cannot be had."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Static

from papertape.contract.errors import MissingExtra, PluginError
from papertape.contract.screen import Surroundings
from papertape.engine.discovery import DISABLED, Plugins
from papertape.tui.core.text import LONGEST
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.paint import label

MODELS = "models"
"""The screen that has a key; all others are in the palette."""
_HAVE_MODELS = "To train, judge and serve models: pip install 'papertape[ml]'"


def brought(plugins: Plugins, name: str, place: Surroundings) -> Screen[None]:
    """The screen of that name; where it cannot be had, one that says why and what would do."""
    offered = plugins.of_kind("screen").get(name)
    if offered is None:
        off = [each for each in plugins.disabled if each.startswith("ml-")]
        if off:
            return NoScreen(name, f"Switched off by {DISABLED}: {', '.join(off)}. Take it out of there to have models.")
        lame = [f"{each.plugin} is left out: {each.reason}" for each in plugins.failures if each.plugin[:3] == "ml-"]
        return NoScreen(name, "The part of papertape that keeps models is not installed.", *lame, _HAVE_MODELS)
    more = [_HAVE_MODELS] if name == MODELS else []
    try:
        screen: Screen[None] = offered.object(place)
    except (MissingExtra, PluginError) as error:
        return NoScreen(name, str(error))
    except ModuleNotFoundError as error:
        return NoScreen(name, f"It needs {error.name}, which is not installed.", *more)
    except Exception as error:  # noqa: BLE001  # whatever a guest does, the others go on
        return NoScreen(name, f"The plugin {offered.plugin} cannot open it: {type(error).__name__}: {error}")
    if not isinstance(screen, Screen):
        return NoScreen(name, f"The plugin {offered.plugin} gave a {type(screen).__name__}, which is no screen.")
    return screen


class NoScreen(Screen[None]):
    """Says why there is nothing to look at, and what would do."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back")]

    def __init__(self, name: str, *why: str) -> None:
        super().__init__()
        self.heading, self.why = name, why

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel") as box:
            box.border_title = label(self.heading.capitalize(), 60)
            for words in self.why:
                yield Static(label(words, LONGEST), classes="about")
            yield Static(label("papertape plugins list says what is installed here, and what was left out."))
        yield Keys()
