"""The way to the models screen, which a plugin brings; and what is said where there is none."""

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
"""The name under which a plugin registers it."""


def models_screen(plugins: Plugins, place: Surroundings) -> Screen[None]:
    """The screen of models; where it cannot be had, one that says why and what would do."""
    offered = plugins.of_kind("screen").get(MODELS)
    if offered is None:
        off = [name for name in plugins.disabled if name.startswith("ml-")]
        lame = [each for each in plugins.failures if each.plugin.startswith("ml-")]
        if off:
            return NoModels(f"Switched off by {DISABLED}: {', '.join(off)}. Take it out of there to have models.")
        return NoModels(
            "The part of papertape that keeps models is not installed.",
            *(f"{each.plugin} is left out: {each.reason}" for each in lame),
        )
    try:
        screen: Screen[None] = offered.object(place)
    except (MissingExtra, PluginError) as error:
        return NoModels(str(error))
    except Exception as error:  # noqa: BLE001  # whatever a guest does, the others go on
        return NoModels(f"The plugin {offered.plugin} could not open its screen: {type(error).__name__}: {error}")
    return screen


class NoModels(Screen[None]):
    """Says why there are no models to look at, and how to have them."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back")]

    def __init__(self, *why: str) -> None:
        super().__init__()
        self.why = why

    def compose(self) -> ComposeResult:
        with Vertical(classes="panel") as box:
            box.border_title = label("Models")
            for words in self.why:
                yield Static(label(words, LONGEST), classes="about")
            yield Static(label("To train, judge and serve models: pip install 'papertape[ml]'"), classes="about")
            yield Static(label("papertape plugins list says what is installed here, and what was left out."))
        yield Keys()
