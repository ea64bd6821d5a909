"""A row as pieces of text, each trained or not: the prompt teaches nothing, the answer and its end do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.data.rows import Row, Turn
from engine.errors import Unusable
from engine.profile.nearest import close


@dataclass(frozen=True)
class Piece:
    text: str
    trained: bool


Render = Callable[[Row], list[Piece]]
Chat = Callable[[tuple[Turn, ...], bool], str]


def pick(name: str, chat: Chat | None, eos: str) -> Render:
    """The template called so; `auto` is the model's own chat template if it has one, else alpaca."""
    chosen = ("model" if chat else "alpaca") if name == "auto" else name
    known: dict[str, Render] = {
        "alpaca": lambda row: alpaca(row, eos),
        "chatml": chatml,
        "plain": lambda row: plain(row, eos),
    }
    if chosen == "model":
        if chat is None:
            raise Unusable("data.template = 'model': the tokenizer has no chat template")
        return lambda row: model(row, chat, eos)
    if chosen not in known:
        near = close(name, [*known, "model"], 0.3)
        raise Unusable(
            f"data.template = {name!r}: must be one of auto, model, {', '.join(known)}"
            + (f"; nearest: {near}" if near else "")
        )
    render = known[chosen]
    return lambda row: _bare(row, eos) or render(row)


def _bare(row: Row, eos: str) -> list[Piece] | None:
    """Text and prompt/completion rows are taken as they are, under every template."""
    roles = [turn.role for turn in row.turns]
    if roles in (["text"], ["part"]):
        return running(row, eos)
    if roles == ["prompt", "completion"]:
        return [Piece(row.turns[0].text, False), Piece(row.turns[1].text + eos, True)]
    return None


def running(row: Row, eos: str) -> list[Piece]:
    """A text and its end, if it ends here."""
    ((role, text),) = row.turns
    return [Piece(text if role == "part" else text + eos, True)]


def alpaca(row: Row, eos: str) -> list[Piece]:
    heads = {"system": "", "user": "### Instruction:\n", "assistant": "### Response:\n"}
    pieces = []
    for turn in row.turns:
        trained = turn.role == "assistant"
        pieces.append(Piece(heads.get(turn.role, ""), False))
        pieces.append(Piece(turn.text + (eos if trained else "\n\n"), trained))
    return pieces


def plain(row: Row, eos: str) -> list[Piece]:
    return [
        Piece(turn.text + (eos if turn.role == "assistant" else "\n"), turn.role == "assistant")
        for turn in row.turns
    ]


def chatml(row: Row) -> list[Piece]:
    pieces = []
    for turn in row.turns:
        trained = turn.role == "assistant"
        pieces.append(Piece(f"<|im_start|>{turn.role}\n", False))
        pieces.append(Piece(f"{turn.text}<|im_end|>", trained))
        pieces.append(Piece("\n", False))
    return pieces


def model(row: Row, chat: Chat, eos: str) -> list[Piece]:
    """The tokenizer's own template, cut where each answer begins and ends."""
    bare = _bare(row, eos)
    if bare is not None:
        return bare
    pieces: list[Piece] = []
    done = ""
    for index, turn in enumerate(row.turns):
        if turn.role != "assistant":
            continue
        prompt = chat(row.turns[:index], True)
        whole = chat(row.turns[: index + 1], False)
        if not (prompt.startswith(done) and whole.startswith(prompt)):
            raise Unusable(
                f"{row.where}: the model's chat template rewrites earlier turns, so answers cannot be"
                " told from prompts; set data.template to chatml, alpaca or plain"
            )
        pieces += [Piece(prompt[len(done) :], False), Piece(whole[len(prompt) :], True)]
        done = whole
    return pieces
