"""The machines that runs can go to: which of ours run there, what a visit found, and another one by its ssh line."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual.app import ComposeResult

from cockpit.actions import HOSTS, bindings
from cockpit.aside import Answer, asked
from cockpit.inks import Line
from cockpit.screens.base import Place
from cockpit.screens.dialogs import Text, Word
from cockpit.visits import details, line_of, parsed, suggested
from cockpit.watching.roster import Fleet
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import Heading, tabled, titles
from cockpit.widgets.listing import Listing
from engine import hosts
from engine.display import display
from engine.errors import Problem
from engine.hosts import LOCAL, Host

WIDE = 60
KEY = re.compile(r"--fingerprint (SHA256:[A-Za-z0-9+/]{43})")


class Hosts(Place):
    """Enter visits the one under the cursor; n takes an ssh line as one pastes it."""

    scopes = (HOSTS,)
    BINDINGS: ClassVar = bindings(HOSTS)
    AUTO_FOCUS = "#list"

    def __init__(self, watch: Watch[Fleet]) -> None:
        super().__init__()
        self.feed: Watch[Fleet] = watch
        self._hosts: list[Host] = []
        self._trouble = ""
        self._visits: dict[str, Answer] = {}
        self._under_way: set[str] = set()

    def body(self) -> ComposeResult:
        listing = Listing(id="list", classes="box")
        listing.border_title = "machines"
        yield listing
        yield self.box("chosen", "selected")

    def places(self) -> Sequence[str]:
        return ["Fleet", "Hosts"]

    @property
    def host(self) -> Host | None:
        cursor = self.query_one(Listing).cursor
        return self._hosts[cursor] if cursor < len(self._hosts) else None

    def can(self, name: str) -> bool:
        return name != "visit" or (self.host is not None and self.host.name != LOCAL)

    def on_mount(self) -> None:
        self._read()

    def _read(self) -> None:
        """The files that name them; a broken one is named, and the others are shown all the same."""
        try:
            self._hosts, self._trouble = [Host(LOCAL, "here"), *hosts.every()], ""
        except (Problem, OSError) as problem:
            self._hosts, self._trouble = [Host(LOCAL, "here")], str(problem)

    def renew(self) -> None:
        super().renew()
        listing = self.query_one(Listing)
        listing.show(len(self._hosts), self._line, self._head)
        self._select()

    def _select(self) -> None:
        host = self.host
        lines: list[Line] = [[(self._trouble, "bad")]] if self._trouble else []
        if host is not None:
            runs = [row for row in self._fleet.rows if row.host == host.name]
            visit = self._visits.get(host.name)
            lines += details(host, visit, host.name in self._under_way, runs)
        self.fill("chosen", lines)

    @property
    def _fleet(self) -> Fleet:
        return self.feed.latest or Fleet()

    @staticmethod
    def _columns(width: int) -> list[Heading]:
        wide, fair = width >= 100, width >= 72
        address = 34 if wide else 22 if fair else 0
        return [
            ("", 2, False),
            ("MACHINE", min(max(width - address - (66 if wide else 44), 10), 32), False),
            ("ADDRESS", address, False),
            ("RUNNING", 7, True),
            ("VISITED", 9, False),
            ("GPUS", 20 if wide else 8 if fair else 0, False),
            ("FREE", 9 if wide else 0, True),
            ("$/H", 6, True),
        ]

    def _head(self, width: int) -> Line:
        return titles(self._columns(width))

    def _line(self, at: int, width: int) -> Line:
        host = self._hosts[at]
        live = sum(one.live and one.host == host.name for one in self._fleet.rows)
        texts = line_of(host, self._visits.get(host.name), host.name in self._under_way, live)
        return tabled(self._columns(width), texts)

    def on_listing_moved(self) -> None:
        self._select()

    def on_listing_chosen(self) -> None:
        self.action_visit()

    def action_visit(self) -> None:
        """There and back, on a thread."""
        host = self.host
        if host is None or host.name == LOCAL or host.name in self._under_way:
            return
        self._under_way.add(host.name)
        self.renew()
        self.aside(partial(asked, "hosts", "test", host.name), partial(self._visited, host.name))

    def _visited(self, name: str, found: Answer) -> None:
        self._under_way.discard(name)
        self._visits[name] = found
        if found.trouble:
            self.deck.tell(found.trouble[0], "warning")
        self.renew()

    # another machine

    def action_add(self) -> None:
        def answered(text: str | None) -> None:
            if not text:
                return
            given = parsed(text)
            if given is None:
                self.deck.tell(
                    "that is no ssh line: USER@HOST, or ssh USER@HOST -p PORT", "warning"
                )
                return
            self._ask_name(given)

        hint = "An ssh line as your provider shows it, or a name of your ssh_config."
        self.app.push_screen(Text("Another machine", hint), answered)

    def _ask_name(self, given: Mapping[str, str]) -> None:
        def answered(name: str | None) -> None:
            if name:
                self._write_down({"name": name.strip(), **given})

        hint = "What it is called here: lower case, digits, dots and dashes."
        self.app.push_screen(Text("Its name", hint, suggested(given["ssh"])), answered)

    def _write_down(self, given: Mapping[str, str], *key: str) -> None:
        more = ["--key", given["key"]] if "key" in given else []
        words = ("hosts", "add", given["name"], "--ssh", given["ssh"], *more, *key)
        self.deck.tell("getting through to it…")
        self.aside(partial(asked, *words), partial(self._added, given))

    def _added(self, given: Mapping[str, str], found: Answer) -> None:
        if not found.trouble:
            self._read()
            self.renew()
            self.deck.tell(f"{given['name']} is in {found.rows[0]['file'] if found.rows else '—'}")
            return
        told = " ".join(found.trouble)
        key = KEY.search(told)
        if key is None:
            self.deck.tell(told, "error")
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self._write_down(given, "--fingerprint", key[1])

        says: list[Line] = [
            [("machine   ", "faint"), (display(given["ssh"], WIDE), "title")],
            [("its key   ", "faint"), (key[1], "accent")],
            [("compare   ", "faint"), ("it with what the provider or the machine itself shows", "text")],
            [("from now  ", "faint"), ("no other key is believed, and nothing is sent before", "text")],
        ]  # fmt: skip
        self.app.push_screen(Word("Is this its key?", says, "yes"), answered)

    def action_copy(self) -> None:
        name: Any = self.host.name if self.host is not None and self.host.name != LOCAL else "NAME"
        self.deck.copy(f"engine hosts test {name}")
