"""Hangul syllables by the Revised Romanization of 2000, and family names as people spell them.

Syllables are composed arithmetically (Unicode Standard, section 3.12).
"""

from __future__ import annotations

_FIRST, _COUNT, _VOWEL_COUNT, _FINAL_COUNT = 0xAC00, 11172, 21, 28
_INITIALS = "g kk n d tt r m b pp s ss _ j jj ch k t p h".replace("_", "-").split()
_VOWELS = [
    "a",
    "ae",
    "ya",
    "yae",
    "eo",
    "e",
    "yeo",
    "ye",
    "o",
    "wa",
    "wae",
    "oe",
    "yo",
    "u",
    "wo",
    "we",
    "wi",
    "yu",
    "eu",
    "ui",
    "i",
]
_FINALS = [
    "-",
    "k",
    "k",
    "k",
    "n",
    "n",
    "n",
    "t",
    "l",
    "k",
    "m",
    "l",
    "l",
    "l",
    "p",
    "l",
    "m",
    "p",
    "p",
    "t",
    "t",
    "ng",
    "t",
    "t",
    "k",
    "t",
    "p",
    "t",
]
_FAMILY = {
    "김": "kim", "이": "lee", "박": "park", "최": "choi", "정": "jung", "강": "kang", "조": "cho",
    "임": "lim", "오": "oh", "신": "shin", "권": "kwon", "황": "hwang", "안": "ahn", "류": "ryu",
    "유": "yoo", "노": "noh", "문": "moon", "우": "woo", "전": "jeon", "백": "baek", "고": "koh",
}  # fmt: skip
"""Family names of one syllable whose usual spelling departs from the rule."""
_DOUBLE = frozenset({"남궁", "황보", "제갈", "선우", "독고", "사공"})
_NAME_LENGTHS = range(2, 5)


def split_hangul(token: str) -> tuple[str, ...]:
    """Family and given name of a name written without a blank; other lengths stay whole."""
    if len(token) not in _NAME_LENGTHS:
        return (token,)
    family = 2 if token[:2] in _DOUBLE and len(token) > len("남궁") else 1
    return token[:family], token[family:]


def read_hangul(token: str) -> tuple[str, ...]:
    """The readings of a part in Hangul: by rule, as usually spelt, with vowels as in English."""
    syllables = [_syllable(letter) for letter in token]
    by_rule = "".join(syllables)
    found = [by_rule]
    if token in _FAMILY:
        found.insert(0, _FAMILY[token])
    found.append(by_rule.replace("yeo", "you").replace("eo", "u").replace("eu", "u"))
    return tuple(dict.fromkeys(found))


def _syllable(letter: str) -> str:
    place = ord(letter) - _FIRST
    if not 0 <= place < _COUNT:
        return letter
    initial, rest = divmod(place, _VOWEL_COUNT * _FINAL_COUNT)
    vowel, final = divmod(rest, _FINAL_COUNT)
    return (_INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]).replace("-", "")
