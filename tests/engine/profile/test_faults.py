"""What is wrong with a profile is told with its file, line and key, all at once, and with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.profile import ProfileError, load
from engine.profile.faults import SHOWN

CORE = 'recipe = "command"\ncommand.argv = ["true"]\n'

# what stands behind two good lines, and the one line that is told
FAULTS = {
    "learning_rat = 1": "p.toml:3: learning_rat: unknown key; did you mean optim.learning_rate?",
    "[optim]\nlearning_rat = 1": "p.toml:4: optim.learning_rat: unknown key; did you mean learning_rate?",
    "[optim]\nlr = 1": "p.toml:4: optim.lr: unknown key; did you mean learning_rate?",
    "[adapter]\nlora_r = 8": "p.toml:4: adapter.lora_r: unknown key; did you mean rank?",
    "[optim]\n\n# steps\nmax_steps = 5": "p.toml:6: optim.max_steps: unknown key; did you mean train.max_steps?",
    "[trian]\nmicro_batch = 1": "p.toml:3: trian: unknown key; did you mean train?",
    "zzzzzz = 1": "p.toml:3: zzzzzz: unknown key",
    "tags = 5": "p.toml:3: tags[0]: must be text, not 5",
    "goal = true": "p.toml:3: goal: must be text, not true",
    "goal = 2020-01-01": "p.toml:3: goal: must be text, not a date or time",
    "goal = {a = 1}": "p.toml:3: goal: must be text, not a table",
    "train = 5": "p.toml:3: train: must be a table, not 5",
    "[train]\nseed = 1.5": "p.toml:4: train.seed: must be a whole number, not 1.5",
    "[train]\nseed = true": "p.toml:4: train.seed: must be a whole number, not true",
    '[train]\nepochs = "2"': 'p.toml:4: train.epochs: must be a number, not "2"',
    "[train]\nepochs = nan": "p.toml:4: train.epochs: must be a finite number, not nan",
    "[train]\nepochs = -inf": "p.toml:4: train.epochs: must be a finite number, not -inf",
    "[train]\nmicro_batch = 0": "p.toml:4: train.micro_batch: must be at least 1, not 0",
    "[adapter]\ndropout = 1": "p.toml:4: adapter.dropout: must be between 0 and 0.95, not 1",
    "[optim]\nlearning_rate = 0": "p.toml:4: optim.learning_rate: must be more than 0 and at most 10, not 0",
    "[train]\nseed = 0x" + "f" * 60: "p.toml:4: train.seed: is too large: a number of 240 bits",
    "[train]\ngradient_checkpointing = 1": "p.toml:4: train.gradient_checkpointing: must be true or false, not 1",
    "[train]\ncompile = 1": "p.toml:4: train.compile: must be text or true or false, not 1",
    '[schedule]\nkind = "cosin"': (
        'p.toml:4: schedule.kind: must be "cosine" or "linear" or "constant", not "cosin"; did you mean cosine?'
    ),
    "[schedule]\nwarmup_steps = 0.1": (
        "p.toml:4: schedule.warmup_steps: must be a whole number, not 0.1; "
        "a share of all steps goes into schedule.warmup_ratio"
    ),
    "[model]\nbits = 3": "p.toml:4: model.bits: must be 4, not 3",
    "[optim]\nbetas = [0.9]": "p.toml:4: optim.betas: must be a list of 2 numbers, not a list",
    "[optim]\nbetas = [0.9, 2]": "p.toml:4: optim.betas[1]: must be between 0 and 1, not 2",
    '[eval]\nprompts = [\n  "a",\n  5,\n]': "p.toml:4: eval.prompts[1]: must be text, not 5",
    '[command.env]\n"A B" = "1"': (
        'p.toml:4: command.env."A B": the name must match [A-Za-z_][A-Za-z0-9_]{0,127}'
    ),
    "[command.env]\nA = 1": "p.toml:4: command.env.A: must be text, not 1",
    "[alerts.actions]\nnann = 'stop'": "p.toml:4: alerts.actions.nann: unknown name; did you mean nan?",
    "[data.expect]\n'a.jsonl' = -1": 'p.toml:4: data.expect."a.jsonl": must be at least 0, not -1',
    "name = 'Big Name'": 'p.toml:3: name: must match [a-z0-9][a-z0-9._-]{0,47}, not be "Big Name"',
    'goal = "a\\u001bb"': "p.toml:3: goal: holds the control character U+001B",
    'goal = "a\\u0000b"': "p.toml:3: goal: holds the control character U+0000",
    'goal = "a\\u009bb"': "p.toml:3: goal: holds the control character U+009B",
    "[[phase]]\nid = 'A'\n[[phase]]\nid = 'A'": "p.toml:5: phase[1]: has the id of an earlier one",
    "[[phase]]\nid = 'A'\n[[phase]]\nrows = 1": 'p.toml:5: phase[1]: must be a table with id = "…"',
    "phase = [5]": 'p.toml:3: phase[0]: must be a table with id = "…"',
    "phase = 5": "p.toml:3: phase: must be a list of tables, not 5",
    "[[phase]]\nid = 'A'\n[[phase]]\nid = 'B'\nepochs = 0": "p.toml:7: phase.B.epochs: must be more than 0, not 0",
    "[[phase]]\nid = 'A'\nexpect.loss = [2, 1]": "p.toml:5: phase.A.expect.loss: must be [lowest, highest]",
    "[recover]\nbackoff = 1\nbackoff_s = 1": "p.toml:5: recover.backoff_s: is also written as backoff; keep one",
    "[recover]\nbackoff = -1": "p.toml:4: recover.backoff_s: must be between 0 and 86400, not -1",
    "[expect]\nloss = 5": "p.toml:4: expect.loss.range: must be a list of 2 numbers, not 5",
    "[expect.loss]\nbands = [[2, 1, 0, 1]]": (
        "p.toml:4: expect.loss.bands: must hold [from, to, lowest, highest] rows, from before to"
    ),
    "[eval]\nschedule = [[50, 10], [25, 10]]": "p.toml:4: eval.schedule: must rise in percent, up to 100",
    "[log]\nline = 'loss (\\d+'": (
        "p.toml:4: log.line: must be a regular expression: missing ), unterminated subpattern at position 5"
    ),
    "[log]\nline = 'loss \\d+'": "p.toml:4: log.line: must have a named group, such as loss (?P<loss>[0-9.]+)",
    "[log]\nline = '(?P<a>[é])'": "p.toml:4: log.line: must hold only ASCII inside [ ]",
    "[alerts]\nnotify = 'mail'": "p.toml:4: alerts.notify: must be desktop, ntfy:TOPIC, webhook:SECRET",
    "[gates]\nloss = '2'": "p.toml:4: gates.loss: must be a comparison, such as '< 2.0'",
    "[gates]\nloss = 2": "p.toml:4: gates.loss: must be text, not 2",
    "[gates.tiers]\ngood = 'f1 > 1%'": (
        "p.toml:4: gates.tiers.good.require: must be comparisons joined by 'and': "
        "percent is a drop's, such as 'drop(f1) >= 20%'"
    ),
    "[gates.tiers]\ngood = 'top(f1) > 1'": (
        "p.toml:4: gates.tiers.good.require: must be comparisons joined by 'and': "
        "'top' is none of first, last, best, mean, min, max, drop"
    ),
    "a = 1 b = 2": "p.toml:3: is not TOML: Expected newline or end of document after a statement at column 7",
    "a = [1,": "p.toml:3: is not TOML: Invalid value at the end",
    "goal = 'a'\ngoal = 'b'": "p.toml:4: is not TOML: Cannot overwrite a value at the end",
    "a = 1" + "0" * 200: "p.toml:3: a value without quotes is longer than 128",
}


def told(path: Path) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        load(path)
    return str(caught.value).replace(f"{path.parent}/", "").splitlines()


@pytest.mark.parametrize("text", FAULTS)
def test_a_fault_is_told_with_its_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(CORE + text)
    assert told(tmp_path / "p.toml") == [FAULTS[text]]


def test_the_two_good_lines_alone_have_no_fault(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(CORE)
    assert load(tmp_path / "p.toml").command.argv == ("true",)


def test_all_faults_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = "".join(line + "\n" for line in ["a = 1", "[train]", "seed = 'x'", "[optim]", "lr = 2"])
    (tmp_path / "p.toml").write_text(text)
    assert [line.partition(": ")[0] for line in told(tmp_path / "p.toml")] == [
        "p.toml",  # the recipe, which stands nowhere
        "p.toml:1",
        "p.toml:3",
        "p.toml:5",
    ]


def test_a_missing_recipe_says_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    (line,) = told(tmp_path / "p.toml")
    assert line.startswith('p.toml: recipe: is missing; set it to "finetune" or "pretrain" or')


def test_a_file_name_that_is_no_name_is_told_where_no_name_is_written(tmp_path: Path) -> None:
    (tmp_path / "My Run.toml").write_text(CORE)
    (line,) = told(tmp_path / "My Run.toml")
    assert line == 'My Run.toml: name: must match [a-z0-9][a-z0-9._-]{0,47}, not be "My Run"'


def test_thousands_of_faults_are_counted(tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(CORE + "".join(f"k{n} = 1\n" for n in range(5000)))
    lines = told(tmp_path / "p.toml")
    assert len(lines) == SHOWN + 1 and lines[-1] == f"… and {5000 - SHOWN} more"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a = "\xff"', "p.toml:1: is not UTF-8; save it as UTF-8"),
        (b'a = 1\nb = "\xc3(', "p.toml:2: is not UTF-8; save it as UTF-8"),
        (b"a = 1\n\x00", "p.toml:2: is not TOML: Invalid statement at column 1"),
        (b'a = "\x00"', "p.toml:1: is not TOML: Illegal character '\\x00' at column 6"),
        (b'a = "\x1b[2J"', "p.toml:1: is not TOML: Illegal character '\\x1b' at column 6"),
    ],
)
def test_bytes_that_are_no_text_are_refused(data: bytes, line: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_bytes(data)
    assert told(tmp_path / "p.toml") == [line]


def test_a_mark_of_byte_order_and_windows_line_ends_are_no_fault(tmp_path: Path) -> None:
    text = CORE.replace("\n", "\r\n") + "[train]\r\nseed = 'x'\r\n"
    (tmp_path / "p.toml").write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert told(tmp_path / "p.toml") == ['p.toml:4: train.seed: must be a whole number, not "x"']


def test_what_is_told_never_reaches_the_terminal_with_its_controls(tmp_path: Path) -> None:
    escaped = '"\\u001b[2Jevil\\u202e"'
    (tmp_path / "p.toml").write_text(
        f"{escaped} = 1\n[expect]\n{escaped} = 5\n[train]\nseed = {escaped}\n"
    )
    for line in told(tmp_path / "p.toml"):
        assert line.isprintable() and "\u202e" not in line
