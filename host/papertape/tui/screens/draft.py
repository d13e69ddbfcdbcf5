"""The screen on which a session is put together: its parts on the left, what the chosen one takes on the right."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import ClassVar, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import Screen
from textual.widgets import Input, Static

from papertape.contract.errors import PapertapeError
from papertape.engine.build import find
from papertape.engine.config import Spec
from papertape.engine.discovery import Plugins, load_plugins
from papertape.engine.recorded import RECORDED
from papertape.tui.core import draft as drafts
from papertape.tui.core.draft import KINDS, OWN, Draft, Part, Problem, Role
from papertape.tui.core.launching import Launch, run_arguments, write_session_file
from papertape.tui.core.text import shown
from papertape.tui.core.toml import toml
from papertape.tui.core.typed import hint, typed
from papertape.tui.messages import Checked, Launched, SessionWanted
from papertape.tui.screens.dialogs import Help
from papertape.tui.screens.draft_keys import KEYS
from papertape.tui.screens.pick_component import PickComponent, purpose
from papertape.tui.widgets.field import Field
from papertape.tui.widgets.keys import Keys
from papertape.tui.widgets.paint import label
from papertape.tui.widgets.part_rows import COLUMNS, SESSION, WORDS, part_rows
from papertape.tui.widgets.table import Table


class DraftScreen(Screen[None]):
    """A session being put together; checked as it is typed, written as a session file, and started."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start"),
        Binding("c", "change", "Change"),
        Binding("delete", "remove", "Remove", key_display="del"),
        Binding("backspace", "remove", show=False),
        Binding("escape", "back", "Back"),
        Binding("f1", "help", "Help", key_display="F1"),
        Binding("question_mark", "help", show=False),
    ]

    def __init__(self, url: str, home: Path, draft: Draft, title: str) -> None:
        super().__init__()
        self.url, self.home, self.heading = url, home, title
        self.draft = draft
        self.problems: tuple[Problem, ...] | None = None
        self.place = SESSION
        self._plugins: Plugins | None = None
        self._starting = False
        self._over = Event()

    def compose(self) -> ComposeResult:
        with Horizontal(id="draft"):
            with Vertical(classes="panel", id="parts-panel") as box:
                box.border_title = label(self.heading)
                yield Table(COLUMNS, id="parts")
            with VerticalScroll(classes="panel", id="fields", can_focus=False):
                pass
        yield Static(id="verdict")
        yield Keys()

    def on_mount(self) -> None:
        self.query_one(Table).focus()
        self._list()
        self.check()

    def on_unmount(self) -> None:
        self._over.set()

    # Checking

    @work(thread=True, group="check", exclusive=True)
    def check(self) -> None:
        """Checks what has been typed so far, once nothing has been typed for a moment."""
        if self._plugins is None:
            self._plugins = load_plugins()
        elif self._over.wait(0.15):
            return
        draft = self.draft
        self.post_message(Checked(draft, drafts.problems(draft, self._plugins, self.url)))

    def on_checked(self, event: Checked) -> None:
        if event.draft is not self.draft:
            return  # typed on meanwhile: another check is on its way
        first = self.problems is None
        self.problems = event.problems
        self._list()
        if first:
            self._show_fields()
        for field in self.query(Field):
            wrong = (
                one.words for one in event.problems if (one.place, one.parameter) == (field.place, field.parameter)
            )
            own = (one.words for one in event.problems if one.place == field.parameter and field.place == SESSION)
            field.show(next(wrong, next(own, "")))
        verdict = self.query_one("#verdict", Static)
        if event.problems:
            others = f" (and {len(event.problems) - 1} more)" if len(event.problems) > 1 else ""
            verdict.update(label(f"✗ {event.problems[0].words}{others}"))
        else:
            verdict.update(label("✓ in order: ctrl+s writes the session file and starts it"))
        verdict.set_class(bool(event.problems), "-wrong")
        self.refresh_bindings()

    def _changed(self, draft: Draft) -> None:
        self.draft = draft
        self.check()

    # The list of parts

    def _list(self) -> None:
        self.query_one(Table).show(list(part_rows(self.draft, self.problems or ())))

    @on(Table.Pointed, "#parts")
    def pointed(self, event: Table.Pointed) -> None:
        """Shows the fields of the part under the cursor."""
        self.place = event.key
        self._show_fields()
        self.refresh_bindings()

    @on(Table.Chosen, "#parts")
    def chosen(self, event: Table.Chosen) -> None:
        """Goes to the part's fields; or adds another part."""
        if event.key.startswith("+"):
            self.add(cast(Role, event.key[1:]))
        elif (first := next(iter(self.query(Input)), None)) is not None:
            first.focus()

    @property
    def _part(self) -> tuple[Role, Part] | None:
        return next(((role, part) for place, role, part in drafts.parts(self.draft) if place == self.place), None)

    # The fields of a part

    def _fields(self) -> Iterator[Field]:
        if self.place == SESSION:
            for name, means in OWN.items():
                yield Field(SESSION, name, getattr(self.draft, name), "", means)
        elif self._part is not None and self._plugins is not None:
            role, part = self._part
            for name, param in drafts.params_of(role, part, self._plugins).items():
                yield Field(self.place, name, part.typed.get(name, ""), typed(param.default), hint(param))

    @work(group="fields", exclusive=True)
    async def _show_fields(self) -> None:
        box = self.query_one("#fields", VerticalScroll)
        await box.remove_children()
        box.border_title = label(self._part[1].kind if self._part else "session" if self.place == SESSION else "")
        about = self._about()
        if about:
            await box.mount(Static(label(about), classes="about"))
        await box.mount_all(self._fields())
        self.check()

    def _about(self) -> str:
        if self._part is None or self._plugins is None:
            return "" if self.place == SESSION else "Enter shows what there is to choose from."
        role, part = self._part
        if part.kind == RECORDED:
            return part.typed.get("session", "")
        try:
            found = find(self._plugins, KINDS[role], Spec(part.kind))
        except PapertapeError:
            return ""  # what is wrong with it is said below
        return purpose(found.object)

    def on_input_changed(self, event: Input.Changed) -> None:
        field = event.input.parent
        assert isinstance(field, Field)
        if field.place == SESSION:
            changed: dict[str, str] = {field.parameter: event.value}
            if getattr(self.draft, field.parameter) != event.value:
                self._changed(replace(self.draft, **changed))  # type: ignore[arg-type]
            return
        part = next((part for place, _, part in drafts.parts(self.draft) if place == field.place), None)
        if part is not None and part.typed.get(field.parameter, "") != event.value:
            typed = {**part.typed, field.parameter: event.value}
            self._changed(drafts.with_part(self.draft, field.place, replace(part, typed=typed)))

    # Other parts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offers what the part under the cursor allows."""
        if action == "start":
            return self.problems == () and not self._starting
        if action in ("change", "remove"):
            listed = self.is_mounted and self.focused is self.query_one(Table)
            return listed and (self._part is not None and (action == "change" or "." in self.place))
        return True

    def on_descendant_focus(self) -> None:
        self.refresh_bindings()

    async def _pick(self, role: Role) -> str | None:
        if self._plugins is None:
            return None
        offered = self._plugins.of_kind(KINDS[role])
        return await self.app.push_screen_wait(PickComponent(f"Choose a {WORDS[role]}", offered))

    @work(group="ask")
    async def add(self, role: Role) -> None:
        """Asks which component to add, and adds it."""
        kind = await self._pick(role)
        if kind is not None:
            self.place = f"{role}.{len(getattr(self.draft, role))}"
            self._take(drafts.with_part(self.draft, self.place, Part(kind)))

    @work(group="ask")
    async def action_change(self) -> None:
        """Asks which component to have in the place of the one under the cursor."""
        if self._part is not None:
            role, part = self._part
            kind = await self._pick(role)
            if kind is not None and kind != part.kind:
                self._take(drafts.with_part(self.draft, self.place, Part(kind)))

    def action_remove(self) -> None:
        """Takes the part under the cursor out."""
        self._take(drafts.with_part(self.draft, self.place, None))

    def _take(self, draft: Draft) -> None:
        self.draft = draft
        places = [place for place, _, _ in drafts.parts(draft)]
        if self.place not in places:
            self.place = SESSION
        self._list()
        self.query_one(Table).key = self.place
        self._show_fields()
        self.refresh_bindings()

    # Starting

    def action_start(self) -> None:
        """Writes the session file, and starts the session."""
        self._starting = True
        self.refresh_bindings()
        self.launch(self.draft)

    @work(thread=True, group="launch")
    def launch(self, draft: Draft) -> None:
        """Writes the file, starts a host on it, and waits until its session has begun."""
        assert self._plugins is not None, "it has been checked"
        try:
            file = write_session_file(self.home, toml(drafts.document(draft, self._plugins)))
            pace = "max" if draft.feed.kind == "exchange" else draft.pace.strip()
            host = Launch(run_arguments(self.url, file, pace), file.with_suffix(".log"))
            while (session := host.session()) is None and not self._over.wait(0.1):
                pass
            self.post_message(Launched(session or ""))
        except (PapertapeError, OSError) as error:
            self.post_message(Launched("", str(error)))

    def on_launched(self, event: Launched) -> None:
        self._starting = False
        self.refresh_bindings()
        if event.trouble:
            self.notify(shown(event.trouble), title="It did not start", severity="error", timeout=15, markup=False)
        elif event.session:
            self.post_message(SessionWanted(event.session, instead=True, begun=True))

    def action_help(self) -> None:
        """Shows the keys."""
        self.app.push_screen(Help(KEYS))

    def action_back(self) -> None:
        """From a field to the list; from the list to the sessions."""
        if isinstance(self.focused, Input):
            self.query_one(Table).focus()
        else:
            self.dismiss()
