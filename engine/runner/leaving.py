"""What is done when the machine is about to be taken away: one last save, if it fits, and the fact of it.

A trainer that is known to save when asked is asked to save and end at once, because the machine's end is certain and a
recorded exit tells what was kept. One that is not known to save is left to use what time it has.
"""

from __future__ import annotations

from engine.events import notices as say
from engine.runner import clock, notice
from engine.runner.obey import SAVE
from engine.runner.post import Post
from engine.runner.stopping import Stopping

WHY = "the machine is being taken away"
KEPT = 5
"""Newest saves of which the longest counts."""


def fits(save_s: float | None, within_s: float) -> bool | None:
    """A save of this length is done before the machine goes; None where none was measured."""
    return None if save_s is None else save_s <= within_s


class Leaving:
    """Hears the notice for one attempt. `tick` often; `shutdown` when the system's own signal came."""

    def __init__(self, post: Post, stopping: Stopping) -> None:
        self._post, self._stopping = post, stopping
        self._notice = notice.Notice(notice.server())
        self._heard: notice.Told | None = None

    def take_up(self) -> None:
        """Go on with what an earlier runner said and may not have begun."""
        if any(one.action == "save" for one in self._post.fold.facts().runner.noticed):
            self._stopping.ask(WHY)

    def tick(self) -> None:
        for told in self._notice.news():
            self._heard = told
            if told.preempted:
                self._leave(notice.METADATA, "the provider takes this machine")
        if self._heard is not None:
            self._watched(self._heard)

    def shutdown(self) -> None:
        self._leave(notice.SHUTDOWN, "the machine's system is going down")

    def close(self) -> None:
        self._notice.close()

    def save_s(self) -> float | None:
        """How long a save takes here, else how long it took before this attempt."""
        saves = self._post.fold.facts().trainer.saved[-KEPT:]
        measured = [one.seconds for one in saves if one.seconds is not None]
        return max(measured) if measured else self._post.job.save_s

    def _watched(self, told: notice.Told) -> None:
        save_s, within_s = self.save_s(), self._post.job.notice_s
        able = self._post.job.save_signal is not None
        fact = say.NoticeWatched(
            t=clock.wall(),
            heard=told.heard,
            within_s=within_s,
            save_s=save_s,
            fits=fits(save_s, within_s) if able else False,
            reason=told.reason if not told.heard else (None if able else SAVE),
        )
        known = self._post.fold.facts().runner.notice
        if known is None or _words(known) != _words(fact):
            self._post.ledger.tell(fact)

    def _leave(self, source: str, words: str) -> None:
        facts = self._post.fold.facts()
        if facts.runner.exit is not None or any(
            one.source == source for one in facts.runner.noticed
        ):
            return
        save_s, within_s = self.save_s(), self._post.job.notice_s
        refusal = self._refusal(save_s, within_s)
        self._post.ledger.tell(
            say.PreemptionNoticed(
                t=clock.wall(),
                source=source,
                within_s=within_s,
                action="none" if refusal else "save",
                detail=f"{words}; not asked to save: {refusal}" if refusal else words,
                save_s=save_s,
                step=facts.tally.step,
            )
        )
        if refusal is None:
            self._stopping.ask(WHY)

    def _refusal(self, save_s: float | None, within_s: float) -> str | None:
        """Why no save is asked for."""
        if self._post.job.save_signal is None:
            return SAVE
        if fits(save_s, within_s) is False:
            return f"a save takes {save_s:.1f} s and the machine is gone within {within_s:.0f} s"
        if self._stopping.begun:
            return "it is being ended already, which saves where it can"
        return None


def _words(fact: say.NoticeWatched) -> tuple[object, ...]:
    """What makes it worth saying again; a save that took a little longer does not."""
    return fact.heard, fact.within_s, fact.save_s is None, fact.fits, fact.reason
