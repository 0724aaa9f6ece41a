"""Han characters in Pinyin: the first character, or two of a double surname, is the family name."""

from __future__ import annotations

from anyascii import anyascii

_DOUBLE = frozenset({"欧阳", "歐陽", "司马", "司馬", "上官", "诸葛", "諸葛", "夏侯", "东方", "東方",
                     "皇甫", "尉迟", "公孙", "慕容", "令狐", "司徒", "端木", "南宫"})  # fmt: skip
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
    """The Pinyin of a part, without tones."""
    return ("".join(anyascii(letter) for letter in token).lower(),)
