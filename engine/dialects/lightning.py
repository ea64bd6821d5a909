"""Bars that carry the metrics: torchtune's, Lightning's by tqdm or by Rich, and those of Keras under its epochs."""

from __future__ import annotations

import re

from engine.dialects import bars
from engine.dialects.reading import NOTHING, NUMBER, Dialect, Reading, canonical, value

_TUNE = re.compile(rf"(\d{{1,9}})\|(\d{{1,15}})\|Loss: ({NUMBER})", re.IGNORECASE)
_DISK = re.compile(r"Step (\d{1,15}) \| ")
_PAIR = re.compile(rf"([A-Za-z_][\w/.-]{{0,63}}):\s?({NUMBER})", re.IGNORECASE)


def read_torchtune(line: str) -> Reading | None:
    """`1|5|Loss: 1.769: 100%|████| 5/5` on the screen, `Step 5 | loss:1.769 lr:0.0003 …` in its file."""
    found = _TUNE.search(line[:200])
    if found is not None:
        return Reading(int(found.group(2)), {"loss": float(found.group(3))}, float(found.group(1)))
    found = _DISK.search(line[:200])
    if found is None:
        return None
    pairs = _PAIR.findall(line[found.end() : found.end() + 4096])
    values = {canonical(name): float(text.replace(",", "")) for name, text in pairs}
    return Reading(int(found.group(1)), values) if "loss" in values else None


_RICH = re.compile(r"Epoch (\d{1,9})/(-?\d{1,9})\s{1,4}[━╸╺─ ]{3,200}\s{0,3}(\d{1,15})/(\d{1,15}) ")
_TQDM = re.compile(r"Epoch (\d{1,9}):\s{1,4}\d{1,3}%\|")


def read_lightning(line: str) -> Reading | None:
    """`Epoch 0:  50%|█████ | 16/32 [00:01<00:01, 12it/s, v_num=0, train_loss=0.123]`. It counts epochs from 0."""
    found = _RICH.search(line[:600])
    if found is not None:
        epoch, last, at, of = (int(text) for text in found.groups())
        pairs = _PAIR.findall(line[found.end() : found.end() + 4096])
        values = {
            canonical(name): float(text.replace(",", "")) for name, text in pairs if name != "v_num"
        }
        epochs = last + 1 if last >= 0 else None
        return Reading(None, values, float(epoch + 1), epochs=epochs, batch=(at, of))
    found = _TQDM.search(line[:200])
    bar = bars.parse(line[found.start() :]) if found is not None else None
    if found is None:
        return None
    if bar is None or not bar.total or not bar.at:
        return NOTHING
    return Reading(None, bar.values, float(int(found.group(1)) + 1), batch=(bar.at, bar.total))


_HEADING = re.compile(r"^\s{0,8}Epoch (\d{1,9})/(\d{1,9})\s*$")
_BATCH = re.compile(r"(\d{1,15})/(\d{1,15}) (?:\[[=>.\s]{3,80}\]|[━╸╺─ ]{5,200})[ -]")
_KERAS_PAIR = re.compile(rf"- ([A-Za-z_][\w/.-]{{0,63}}): ({NUMBER})", re.IGNORECASE)


def read_keras(line: str) -> Reading | None:
    """`Epoch 3/10`, then `120/120 [====] - 5s 41ms/step - loss: 0.31 - val_loss: 0.35`."""
    heading = _HEADING.match(line[:80])
    if heading is not None:
        return Reading(epoch=float(heading.group(1)), epochs=int(heading.group(2)))
    text = line.replace("\b", "")
    found = _BATCH.search(text[:400])
    if found is None or ("step" not in text and "ETA" not in text):
        return None
    values: dict[str, float] = {}
    for name, told in _KERAS_PAIR.findall(text[found.end() - 1 : found.end() + 4096]):
        number = value(told)
        if number is not None:
            values.setdefault(canonical(name), number)
    return Reading(None, values, batch=(int(found.group(1)), int(found.group(2))))


TORCHTUNE = Dialect(
    "torchtune", "torchtune: 1|5|Loss: 1.769: 100%|████| 5/5", read_torchtune, ("|loss: ", "step ")
)
LIGHTNING = Dialect(
    "lightning",
    "Lightning: Epoch 0: 50%|█████ | 16/32 [… train_loss=0.123]",
    read_lightning,
    ("epoch ",),
)
KERAS = Dialect(
    "keras",
    "Keras: Epoch 3/10, then 120/120 [====] - loss: 0.31",
    read_keras,
    ("epoch ", "/step", "eta"),
)
