"""Where the files of one attempt lie on the machine that trains: `engine.runs` as far as the runner needs it."""

from __future__ import annotations

import os
from dataclasses import dataclass

PRIVATE = 0o600


@dataclass(frozen=True)
class Folder:
    """`<run>/attempts/<n>`, absolute."""

    path: str

    @property
    def number(self) -> int:
        return int(os.path.basename(self.path))

    @property
    def run(self) -> str:
        return os.path.dirname(os.path.dirname(self.path))

    @property
    def run_id(self) -> str:
        return os.path.basename(self.run)

    @property
    def lock(self) -> str:
        """Of the run, not of the attempt: two attempts of one run must not train at once."""
        return os.path.join(self.run, "trainer.lock")

    @property
    def job(self) -> str:
        return self.file("job.json")

    @property
    def journal(self) -> str:
        return self.file("runner.jsonl")

    @property
    def trainer(self) -> str:
        return self.file("trainer.jsonl")

    @property
    def files(self) -> str:
        return self.file("files.jsonl")

    @property
    def console(self) -> str:
        return self.file("console.log")

    @property
    def pid(self) -> str:
        return self.file("trainer.pid")

    @property
    def exit(self) -> str:
        return self.file("exit.json")

    @property
    def orders(self) -> str:
        return self.file("orders")

    @property
    def foreign(self) -> str:
        """There is one where somebody else started the trainer."""
        return self.file("foreign.json")

    @property
    def dialect(self) -> str:
        """What somebody chose since the job was written."""
        return self.file("dialect")

    @property
    def hook(self) -> str:
        """On the script's PYTHONPATH."""
        return self.file("hook")

    @property
    def reserve(self) -> str:
        return self.file(".reserve")

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)
