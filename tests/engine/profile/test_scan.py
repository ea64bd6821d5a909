"""The scanner finds the line of every key that the parser finds, and refuses what the parser would choke on."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.profile.faults import KeyPath
from engine.profile.scan import BARE_LENGTH, DEPTH, DOTS, TooMuch, scan, split_key

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

DOCUMENT = '''# a comment = [ " \'
a = 1
"b c".d = "x # = ]"   # a comment
[t]
x = [
  1, # one
  {y = 2, z.w = """
  ] = "" \\" }
  """},
]
[t.u]
'lit.eral' = \'\'\'
a = ' b = ''
\'\'\'
"\\u0041\\n" = 1979-05-27 07:32:00
[[p]]
id = "A"
[p.mix]
e = 1
[[p.q]]
[[p]]
q = [{r = 1}, {r = 2}]
'''


def test_every_key_has_its_line() -> None:
    assert dict(scan(DOCUMENT).lines) == {
        ("a",): 2,
        ("b c",): 3,
        ("b c", "d"): 3,
        ("t",): 4,
        ("t", "x"): 5,
        ("t", "x", 1): 7,
        ("t", "x", 1, "y"): 7,
        ("t", "x", 1, "z"): 7,
        ("t", "x", 1, "z", "w"): 7,
        ("t", "u"): 11,
        ("t", "u", "lit.eral"): 12,
        ("t", "u", "A\n"): 15,
        ("p",): 16,
        ("p", 0): 16,
        ("p", 0, "id"): 17,
        ("p", 0, "mix"): 18,
        ("p", 0, "mix", "e"): 19,
        ("p", 0, "q"): 20,
        ("p", 0, "q", 0): 20,
        ("p", 1): 21,
        ("p", 1, "q"): 22,
        ("p", 1, "q", 0): 22,
        ("p", 1, "q", 0, "r"): 22,
        ("p", 1, "q", 1): 22,
        ("p", 1, "q", 1, "r"): 22,
    }


names = st.text("ab-_ .\"'\\é\n", max_size=3)
bare = st.text("ab-_1", min_size=1, max_size=3)


def quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


keys = bare | names.map(quoted) | bare.map(lambda name: f"'{name}'")
dotted = st.lists(keys, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([".", " . ", "\t."]).map(lambda dot: dot.join(parts))
)
words = st.text("a#=,[]{}. '", max_size=6)
scalars = st.one_of(
    st.sampled_from(["1", "-0.5e3", "true", "inf", "1979-05-27T07:32:00Z", "07:32:00", "0xff"]),
    words.map(quoted),
    words.map(lambda text: '"""\n' + text + '\\\n  "" ' + text + '"""'),
    words.map(lambda text: "'''" + text.replace("'", "") + "\n''a'''"),
    words.map(lambda text: '"""' + text + '\\"""""'),
)
blanks = st.sampled_from(["", " ", "\t", " # x = [\n", "\n", "\n\n  "])
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).flatmap(
            lambda items: blanks.map(lambda gap: f"[{gap}{f',{gap}'.join(items)}{gap}]")
        ),
        st.lists(st.tuples(dotted, inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{k} = {v}" for k, v in pairs) + "}"
        ),
    ),
    max_leaves=6,
)
lines = st.one_of(
    st.tuples(dotted, values).map(lambda pair: f"{pair[0]} = {pair[1]}"),
    dotted.map(lambda name: f"[{name}]  # a header"),
    dotted.map(lambda name: f"[[{name}]]"),
    st.just("# only = words"),
)
documents = st.lists(lines, max_size=6).map("\n".join)


def paths(value: Any, at: KeyPath = ()) -> set[KeyPath]:
    """Every key of a parsed document, and every table in a list."""
    if isinstance(value, dict):
        inner = [paths(entry, (*at, name)) for name, entry in value.items()]
    elif isinstance(value, list):
        inner = [paths(entry, (*at, number)) for number, entry in enumerate(value)]
    else:
        return {at} if at and isinstance(at[-1], str) else set()
    own = {at} if at and (isinstance(at[-1], str) or isinstance(value, dict)) else set()
    return own.union(*inner)


def parsed(text: str) -> dict[str, Any] | None:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return None


@given(documents)
def test_the_scanner_sees_exactly_the_keys_that_the_parser_sees(text: str) -> None:
    table = parsed(text)
    if table is not None:
        seen = scan(text)
        assert seen.stopped is None and seen.readable == text
        assert set(seen.lines) == paths(table)


def test_the_documents_above_are_mostly_good() -> None:
    """Else the property would say nothing."""
    good = 0

    @settings(derandomize=True, max_examples=200)
    @given(documents)
    def count(text: str) -> None:
        nonlocal good
        good += bool(parsed(text))

    count()
    assert good >= 20


@given(st.text("ab=.[]{}\"'\\#\n \t1,é\x00", max_size=60))
def test_where_the_scanner_stops_the_parser_finds_the_fault_at_or_before_that_line(
    text: str,
) -> None:
    seen = scan(text)
    if seen.stopped is not None:
        assert parsed(text) is None and parsed(seen.readable) is None


@given(st.text(max_size=80) | st.text("[]{}=.\"'\\\n", max_size=80))
def test_no_text_surprises_the_scanner(text: str) -> None:
    scan(text)
    split_key(text)


def nested(depth: int) -> str:
    return "\na = " + "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("fine", "much", "what"),
    [
        ("\n" + "a." * DOTS + "a = 1", "\n" + "a." * (DOTS + 1) + "a = 1", "dots"),
        ("\n[" + "a." * DOTS + "a]", "\n[" + "a." * (DOTS + 1) + "a]", "dots"),
        ("\na = {" + "a." * DOTS + "a = 1}", "\na = {" + "a . " * (DOTS + 1) + "a = 1}", "dots"),
        ("\n" + "'.'." * DOTS + "a = 1", "\n" + "'.'." * (DOTS + 1) + "a = 1", "dots"),
        (nested(DEPTH), nested(DEPTH + 1), "brackets"),
        ("\na = " + "{b=" * DEPTH + "1" + "}" * DEPTH, "\na = " + "{b=" * 99, "brackets"),
        ("\na = " + "1" * BARE_LENGTH, "\na = " + "1" * (BARE_LENGTH + 1), "without quotes"),
        ("\na = 1" + " " * 999 + "# b", "\na = 0b" + "1" * 999, "without quotes"),
        ("\na = '" + "a." * 99 + "'", "\na = [1, '', {" + "a." * 99, "dots"),
        ("\na = '''\n" + "[" * 99 + "'''", "\na = ''''''\nb=" + "[" * 99, "brackets"),
    ],
)
def test_more_than_any_profile_needs_is_refused_with_its_line(
    fine: str, much: str, what: str
) -> None:
    assert scan(fine).stopped is None and parsed(fine) is not None
    with pytest.raises(TooMuch, match=what) as caught:
        scan(much)
    assert caught.value.line == (3 if "\nb" in much else 2)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a=b=c", (("a",), "b=c")),
        ('a."b=c". d = 5 ', (("a", "b=c", "d"), "5")),
        ("a", None),
        ("=", None),
        ("[a]=1", None),
    ],
)
def test_a_key_is_parted_from_its_value(text: str, wanted: object) -> None:
    assert split_key(text) == wanted
