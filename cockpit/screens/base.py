"""What all screens have: their line at the top, their keys at the bottom, and their classes of size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.worker import get_current_worker

from cockpit.actions import ANY, REPLAY, Action, of
from cockpit.deck import Deck
from cockpit.inks import Line
from cockpit.watching.watch import Watch
from cockpit.widgets.bars import KeyBar, header, standing
from cockpit.widgets.lines import Lines, cut

if TYPE_CHECKING:  # what paints loads numpy, which a list of runs does without
    from cockpit.watching.moment import Moment
    from cockpit.watching.source import Source
    from cockpit.widgets.loglines import Hide
    from cockpit.widgets.painted import Painted
    from engine.status import Status

T = TypeVar("T")
WIDTHS = [(0, "-tiny"), (80, "-narrow"), (100, "-middle"), (120, "-wide"), (160, "-vast")]
HEIGHTS = [(0, "-flat"), (24, "-low"), (36, "-tall")]
"""From so many columns or rows on, a screen has this class."""
WORLD = ("stop", "kill", "save", "note", "resume_here", "pull", "outlook")
"""Actions that leave a request: not for what is only looked at."""
LOCAL = "local"
"""The host that is this machine: that of `engine.hosts`, which a list of runs does without."""
LIVING = ("stop", "kill", "save")
"""Those that make no sense once the run has ended."""


class Place(Screen[None]):
    """A screen with a header and a footer. `scopes` are its parts of the registry."""

    scopes: ClassVar[tuple[str, ...]] = ()
    feed: Watch[Any] | None = None
    """What it draws the newest of."""
    _ready = False
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    @property
    def about(self) -> str | None:
        """The run that its actions are about, where it is one."""
        return None

    @property
    def deck(self) -> Deck:
        return cast(Deck, self.app)

    def compose(self) -> ComposeResult:
        yield Lines(lambda width, height: [self.title_line(width)], id="head")
        yield from self.body()
        yield from self.foot()
        yield KeyBar([])

    def body(self) -> ComposeResult:
        """What stands between header and footer."""
        raise NotImplementedError

    def foot(self) -> ComposeResult:
        """What stands right above the footer."""
        yield from ()

    @staticmethod
    def box(name: str, title: str, boxed: bool = True) -> Lines:
        """A few lines, with a frame and a title around them."""
        box = Lines(id=name, classes="box" if boxed else "")
        box.border_title = title
        return box

    def places(self) -> Sequence[str]:
        """The way here, for the header."""
        raise NotImplementedError

    def right(self, width: int) -> Line:
        """The right end of the header."""
        return []

    def title_line(self, width: int) -> Line:
        return header(self.places(), self.right(width), width)

    def offered(self) -> list[Action]:
        """The actions that can be taken here and now, in the footer's order."""
        return [one for one in of(*self.scopes, *self.parts(), ANY) if self.can(one.name)]

    def parts(self) -> tuple[str, ...]:
        """The kind of part that has the focus, whose keys count as well."""
        return tuple(getattr(self.focused, "scopes", ()))

    async def perform(self, action: Action) -> None:
        """Do it as its key would; digits say nothing without being typed."""
        if action.name in ("jump", "fix"):
            return
        doer = self.focused if action.by_part else self
        if doer is not None:
            await doer.run_action(action.call)

    def action_back(self) -> None:
        self.deck.back()

    def on_descendant_focus(self) -> None:
        self.query_one(KeyBar).offer(self.offered())

    def can(self, name: str) -> bool:
        """Whether an action of this screen makes sense now."""
        return True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self.can(action)

    def on_mount(self) -> None:
        self._ready = True
        self.renew()

    def on_screen_resume(self) -> None:
        self.news()

    def news(self) -> None:
        """There is something newer to draw, once there is where to."""
        if self._ready and self.query(KeyBar):
            self.renew()
            for one in self.query("Painted"):
                cast("Painted", one).flush()

    def renew(self) -> None:
        """Draw what is newest."""
        self.query_one("#head", Lines).show(lambda width, height: [self.title_line(width)])
        self.query_one(KeyBar).offer(self.offered())

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        event.stop()
        self.call_later(self.perform, event.action)

    def words(self, id: str) -> Lines:
        return self.query_one(f"#{id}", Lines)

    def fill(self, id: str, lines: Sequence[Line]) -> None:
        """These lines in a box that is as high as they are many."""
        self.words(id).show(lambda width, height: [cut(one, width) for one in lines])
        self.words(id).styles.height = len(lines) + 2

    def aside(self, work: Callable[[], T], told: Callable[[T], object]) -> None:
        """On a thread; what it finds is told if this screen is still there by then."""

        def act() -> None:
            found = work()
            if not get_current_worker().is_cancelled:
                self.app.call_from_thread(told, found)

        self.run_worker(act, thread=True, exit_on_error=True)


class RunPlace(Place):
    """A screen about one run."""

    name_of_place: ClassVar[str] = ""

    def __init__(self, watch: Watch[Moment], hide: Hide) -> None:
        super().__init__()
        self.feed: Watch[Moment] = watch
        self.hide = hide

    @property
    def source(self) -> Source:
        return cast("Source", self.feed.source)

    @property
    def about(self) -> str | None:
        return self.source.run.id

    @property
    def moment(self) -> Moment | None:
        return self.feed.latest

    def places(self) -> Sequence[str]:
        here = [self.name_of_place] if self.name_of_place else []
        return ["Fleet", self.source.run.id, *here]

    def right(self, width: int) -> Line:
        if self.feed.trouble is not None:
            return [(" cannot be read ", "bad chip")]
        return standing(self.moment, width) if self.moment else [("reading… ", "muted")]

    def can(self, name: str) -> bool:
        moves = self.moment is not None and self.moment.position is not None
        if any(name == one.name for one in of(REPLAY)):
            return moves
        if name in WORLD:
            return self.source.acts and (name not in LIVING or self._lives())
        if name == "replay":
            return not moves
        if name == "resume":
            return self.source.acts and not self._lives()
        if name == type(self).__name__.lower():
            return False
        if name == "sync":
            return self.moment is not None and self.moment.status.host not in (None, LOCAL)
        return name != "samples" or (self.moment is not None and told_samples(self.moment))

    def renew(self) -> None:
        super().renew()
        moment = self.moment
        if moment is not None:
            self.set_class(moment.position is not None, "moves")
            self.show(moment)

    def show(self, moment: Moment) -> None:
        """Draw this moment."""
        raise NotImplementedError

    def aim(self, found: object) -> None:
        """Somebody asks to be shown something: a step, a line."""

    # other places of the same run, and what can be asked of it

    def action_dashboard(self) -> None:
        self.deck.go("dashboard")

    def action_sync(self) -> None:
        self.deck.go("sync")

    def action_logs(self) -> None:
        self.deck.go("logs")

    def action_checkpoints(self) -> None:
        self.deck.go("checkpoints")

    def action_alerts(self) -> None:
        self.deck.go("alerts")

    def action_metrics(self) -> None:
        self.deck.go("metrics")

    def action_samples(self) -> None:
        self.deck.go("samples")

    def action_record(self) -> None:
        self.deck.go("record")

    def action_fleet(self) -> None:
        self.deck.home()

    def action_replay(self) -> None:
        self.deck.replay(self.source.run)

    def action_stop(self) -> None:
        self.deck.asking.stop(self.source.run, self._status())

    def action_kill(self) -> None:
        self.deck.asking.kill(self.source.run, self._status())

    def action_save(self) -> None:
        self.deck.asking.save(self.source.run, self._status())

    def action_note(self) -> None:
        self.deck.asking.note(self.source.run)

    def action_resume(self) -> None:
        self.deck.go("checkpoints")

    def _lives(self) -> bool:
        return self.moment is not None and self.moment.status.exit_status is None

    def _status(self) -> Status | None:
        return self.moment.status if self.moment else None


def told_samples(moment: Moment) -> bool:
    """The model was asked to write something."""
    return any(attempt.facts.trainer.samples for attempt in moment.frame.view.attempts)
