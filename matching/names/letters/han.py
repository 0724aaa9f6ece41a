"""Han characters in Pinyin: the first character, or two of a double surname, is the family name."""

from __future__ import annotations

from anyascii import anyascii

_DOUBLE = frozenset({"欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "东方", "東方",
                     "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "端木", "南宫"})  # fmt: skip
_WHOLE = {
    "zhi": "chih", "chi": "chih", "shi": "shih", "ri": "jih", "zi": "tzu", "ci": "tzu",
    "si": "szu", "yi": "i", "you": "yu", "yan": "yen", "ye": "yeh", "er": "erh", "he": "ho",
    "ge": "ko", "ke": "ko", "e": "o", "yong": "yung",
}  # fmt: skip
_ENDINGS = (("ian", "ien"), ("ie", "ieh"), ("ue", "ueh"), ("ong", "ung"), ("uo", "o"))
_BEGINNINGS = (
    ("zh", "ch"), ("ch", "ch"), ("sh", "sh"), ("j", "ch"), ("q", "ch"), ("x", "hs"), ("z", "ts"),
    ("c", "ts"), ("r", "j"), ("g", "k"), ("d", "t"), ("b", "p"),
)  # fmt: skip
"""Spellings that differ from Pinyin's; the first that fits is taken."""
_NAME_LENGTHS = range(2, 5)


def split_han(token: str) -> tuple[str, ...]:
    """Family and given name of a name written without a blank; other lengths stay whole."""
    if len(token) not in _NAME_LENGTHS:
        return (token,)
    family = 2 if token[:2] in _DOUBLE and len(token) > len("欧阳") else 1
    if len(token) - family > len("小明"):
        return (token,)
    return token[:family], token[family:]


def read_han(token: str) -> tuple[str, ...]:
    """The Pinyin of a part without tones, then Wade and Giles, common in older papers."""
    syllables = [anyascii(letter).lower() for letter in token]
    return "".join(syllables), "".join(map(wade_giles, syllables))


def wade_giles(pinyin: str) -> str:
    """One syllable in the spelling of Wade (1867) and Giles (1892), without its apostrophes."""
    if pinyin in _WHOLE:
        return _WHOLE[pinyin]
    for ending, other in _ENDINGS:
        if pinyin.endswith(ending):
            pinyin = pinyin.removesuffix(ending) + other
            break
    for beginning, other in _BEGINNINGS:
        if pinyin.startswith(beginning):
            return other + pinyin.removeprefix(beginning)
    return pinyin
