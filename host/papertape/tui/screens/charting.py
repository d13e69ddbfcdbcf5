"""The indicators of a screen with a chart: chosen in a dialog, made ready beside the screen, drawn when they are."""

from collections.abc import Callable
from functools import cache

from textual import work
from textual.screen import Screen

from papertape.contract.errors import PapertapeError
from papertape.engine.discovery import Plugins, load_plugins
from papertape.tui.core.indicators import USUAL, Indicators, choosable, study_of
from papertape.tui.core.text import shown
from papertape.tui.messages import IndicatorsListed, IndicatorsReady
from papertape.tui.screens.pick_indicators import PickIndicators
from papertape.tui.widgets.chart import ChartPanel


@cache
def _installed() -> Plugins:
    """What is installed, looked at once: every screen needs it, and it takes a while."""
    return load_plugins()


class Charting(Screen[None]):
    """A screen with a chart panel. `titles`: the studies that it shows."""

    titles: tuple[str, ...] = USUAL

    @work(thread=True, group="indicators", exclusive=True)
    def prepare(self, titles: tuple[str, ...]) -> None:
        """Makes indicators ready: kernels may have to be compiled."""
        try:
            self.post_message(IndicatorsReady(Indicators(titles, _installed())))
        except PapertapeError as error:
            self.post_message(IndicatorsReady(None, str(error)))

    def on_indicators_ready(self, event: IndicatorsReady) -> None:
        if not self.is_attached:
            return  # the screen is being left
        panel = self.query_one(ChartPanel)
        if event.indicators is not None:
            if event.indicators.titles == self.titles:  # not, where others have been chosen meanwhile
                panel.take(event.indicators)
            return
        panel.take(None, "no indicators")
        if self.titles != USUAL:  # nobody asked for those
            self.notify(shown(event.trouble), title="No indicators", severity="error", markup=False)

    @work(thread=True, group="ask", exclusive=True)
    def action_indicators(self) -> None:
        """Asks which indicators the chart is to show."""
        self.post_message(IndicatorsListed(choosable(_installed().catalogue())))

    @work(group="ask")
    async def on_indicators_listed(self, event: IndicatorsListed) -> None:
        catalogue = _installed().catalogue()

        def known(title: str) -> str:
            study_of(title, catalogue)
            return title

        find: Callable[[str], str] = known
        chosen = await self.app.push_screen_wait(PickIndicators(event.choices, self.titles, find))
        if chosen != self.titles:
            self.titles = chosen
            self.query_one(ChartPanel).take(None, "preparing indicators …")
            self.prepare(chosen)
