"""The line to one machine: one thread that connects, listens and connects again, for as long as its keeper lives.

Whoever asks gets an answer or `Away`. Silence of six seconds is a lost line, because the far end beats every two.
"""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Problem
from engine.hosts import Host
from engine.machines.bootstrap import Ear, arrive
from engine.machines.machine import Away
from engine.machines.mirror import Torn
from engine.machines.ssh import FAILURES, Stream, Unreachable
from engine.runner.frames import PIECE, Bytes, Garbled, Packer, Told, Unpacker

SILENCE_S = 6.0
PING_S = 4.0
ANSWER_S = 20.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 2.0
LONG_S, RARELY_S = 600.0, 15.0
"""Away for so long, it is looked for less often: nobody waits for it second by second any more."""
Body = Mapping[str, Any]


@dataclass(frozen=True)
class Clock:
    """The machine's clock against ours, and how far that can be wrong."""

    offset_s: float
    plus_minus_s: float


@dataclass
class Talk:
    """One connection. Its packer and its stream are used by two threads, one at a time."""

    ear: Ear
    hello: Body
    packer: Packer = field(default_factory=Packer)
    lock: threading.Lock = field(default_factory=threading.Lock)
    answers: dict[int, queue.SimpleQueue[Body | None]] = field(default_factory=dict)

    def send(self, body: Body) -> None:
        with self.lock:
            self.ear.stream.write(self.packer.pack(Told(body)))


class Wire(threading.Thread):
    """`take` gets the bytes of segments, `beat` what the far end says of its runners, both on this thread."""

    def __init__(
        self, host: Host, take: Callable[[Bytes], None], beat: Callable[[Body], None]
    ) -> None:
        super().__init__(name=f"wire to {host.name}", daemon=True)
        self._host, self._take, self._beat = host, take, beat
        self._numbers = itertools.count(1)
        self._talk: Talk | None = None
        self._wake = threading.Event()
        self._closed = False
        self._wanted: dict[int, Callable[[], Body]] = {}
        self.why: str = "not connected yet"
        self.clock: Clock | None = None
        self.hello: Body | None = None

    def run(self) -> None:
        pause, since = FIRST_PAUSE_S, time.monotonic()
        while not self._closed:
            try:
                self._converse()
            except (Problem, Garbled, Torn, *FAILURES) as error:
                self.why = str(error) or type(error).__name__
            finally:
                spoke = self._hang_up()
            since = time.monotonic() if spoke else since
            longest = RARELY_S if time.monotonic() - since > LONG_S else LONGEST_PAUSE_S
            pause = FIRST_PAUSE_S if spoke else min(2 * pause, longest)
            self._wake.wait(pause)
            self._wake.clear()

    def meet(self, take: Callable[[Bytes], None], beat: Callable[[Body], None]) -> None:
        """Whom it brings its news to from now on."""
        self._take, self._beat = take, beat

    def follow(self, number: int, request: Callable[[], Body]) -> None:
        """Ask for an attempt's files now and after every reconnection; the request says what is here by then."""
        self._wanted[number] = request
        self.ask(request())

    def ask(self, body: Body) -> Body:
        """The answer of the far end."""
        talk = self._talk
        if talk is None:
            raise Away(self.why)
        number = next(self._numbers)
        answer: queue.SimpleQueue[Body | None] = queue.SimpleQueue()
        talk.answers[number] = answer
        try:
            talk.send({**body, "id": number})
            said = answer.get(timeout=ANSWER_S)
        except (queue.Empty, *FAILURES) as error:
            raise Away(str(error) or "no answer") from None
        finally:
            talk.answers.pop(number, None)
        if said is None:
            raise Away(self.why)
        if "refused" in said:
            raise Problem(
                f"{self._host.name}: {said['refused']}", "engine hosts test " + self._host.name
            )
        return said

    def beside(self, command: str) -> Stream:
        """Another command on the machine, on the connection that there is."""
        talk = self._talk
        if talk is None:
            raise Away(self.why)
        try:
            return talk.ear.stream.beside(command)
        except FAILURES as error:
            raise Away(str(error)) from None

    @property
    def shown(self) -> str:
        """The key that the machine of this connection has shown."""
        talk = self._talk
        if talk is None:
            raise Away(self.why)
        return talk.ear.stream.shown

    @property
    def up(self) -> bool:
        return self._talk is not None

    def close(self) -> None:
        self._closed = True
        self._wake.set()
        talk = self._talk
        if talk is not None:
            talk.ear.stream.close()

    def _converse(self) -> None:
        """From the connection to its end, which is always an error."""
        ear = arrive(self._host)
        unpacker, talk, pinged = Unpacker(), None, 0.0
        try:
            while not self._closed:
                for frame in unpacker.feed(self._rest(ear)):
                    if talk is None:
                        talk = self._greet(ear, frame)
                    else:
                        self._understand(talk, frame)
                if talk is not None and time.monotonic() - pinged > PING_S:
                    pinged = time.monotonic()
                    talk.send({"do": "ping", "id": 0, "sent": time.time()})
        finally:
            ear.stream.close()

    def _rest(self, ear: Ear) -> bytes:
        if ear.left:
            data, ear.left = ear.left, b""
            return data
        data = ear.stream.read(PIECE, SILENCE_S)
        if not data:
            raise Unreachable(f"{self._host.name} ended the line")
        return data

    def _greet(self, ear: Ear, frame: Any) -> Talk:
        if not isinstance(frame, Told) or "hello" not in frame.body:
            raise Garbled("the far end does not say hello")
        talk = Talk(ear, frame.body)
        for request in list(self._wanted.values()):
            talk.send({**request(), "id": 0})
        self.hello, self._talk = frame.body, talk
        return talk

    def _understand(self, talk: Talk, frame: Any) -> None:
        """A far end that talks nonsense is hung up on; it must not end this thread."""
        try:
            self._hear(talk, frame)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise Garbled(f"the far end says what makes no sense: {error}") from error

    def _hear(self, talk: Talk, frame: Any) -> None:
        if isinstance(frame, Bytes):
            self._take(frame)
        elif "held" in frame.body:
            self._beat(frame.body)
        elif "sent" in frame.body:
            self._time(frame.body)
        else:
            waiting = talk.answers.get(frame.body.get("id", 0))
            if waiting is not None:
                waiting.put(frame.body)

    def _time(self, body: Body) -> None:
        """Half of the way there and back is the most that the measurement can be wrong."""
        now = time.time()
        way = (now - float(body["sent"])) / 2
        if way >= 0 and (self.clock is None or way <= 2 * self.clock.plus_minus_s):
            self.clock = Clock(float(body["t"]) - (now - way), way)

    def _hang_up(self) -> bool:
        """Nobody waits for an answer any more; whether there was a conversation at all."""
        talk, self._talk = self._talk, None
        for answer in list(talk.answers.values()) if talk else ():
            answer.put(None)
        return talk is not None
