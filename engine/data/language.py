"""Which language a text is most likely in, by its script and its commonest words. A hint for a table, not a verdict."""

from __future__ import annotations

import re
import unicodedata

WORDS = {
    "en": "the of and to in is that for it with as was on are be this what how you can",
    "de": "der die das und ist nicht ein eine zu den von mit sich auf für wie auch dem im sie",
    "fr": "le la les des et est une un que dans pour qui sur pas au avec il vous ce du",
    "es": "el la los las de que y en un una es por con para se del como su más no",
    "it": "il la che di e un una per non sono è con del della si come più gli nel le",
    "pt": "o a os as de que e do da em um uma para com não se por mais como dos",
    "nl": "de het een en van is dat niet te op voor met zijn er aan ook als bij hoe wat",
    "pl": "nie się na do jest to że co jak za od po dla czy tak był przez są lub oraz",
    "sv": "och att det som en på är av för med den till inte om har de ett var hur",
    "tr": "ve bir bu için ile de da ne gibi çok daha olan olarak kadar en ama mi nasıl",
}
_SPEAKERS: dict[str, list[str]] = {}
for _name, _said in WORDS.items():
    for _one in dict.fromkeys(_said.split()):
        _SPEAKERS.setdefault(_one, []).append(_name)
_SCRIPTS = {
    "CYRILLIC": "ru", "GREEK": "el", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "THAI": "th",
    "HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh",
}  # fmt: skip
_WORD = re.compile(r"[^\W\d_]+")
LOOKED = 1000


def language(text: str) -> str:
    """A code of two letters; `?` where nothing speaks for one, `code` where it is hardly words."""
    part = text[:LOOKED]
    letters = "".join(filter(str.isalpha, part))
    if len(letters) < 0.4 * len(part.strip() or "x"):
        return "code"
    if not letters.isascii():
        foreign = [c for c in letters if ord(c) > 0x36F]
        if len(foreign) > 0.3 * len(letters):
            return _script(foreign)
    said = _WORD.findall(part.lower())
    scores = dict.fromkeys(WORDS, 0)
    for word in said:
        for name in _SPEAKERS.get(word, ()):
            scores[name] += 1
    best = max(scores, key=lambda name: scores[name])
    return best if scores[best] >= max(1, len(said) // 25) else "?"


def _script(letters: list[str]) -> str:
    seen: dict[str, int] = {}
    for character in letters:
        script = unicodedata.name(character, "?").split()[0]
        seen[_SCRIPTS.get(script, "?")] = seen.get(_SCRIPTS.get(script, "?"), 0) + 1
    # Japanese is written with Chinese characters, too
    return "ja" if seen.get("ja", 0) > 0.05 * len(letters) else max(seen, key=lambda n: seen[n])
