"""Parts that were written as one: the cheap question before the dear one never errs."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from matching.names.parts import prepare
from matching.record import Name

words = st.text("abcdefghijklmnopqrstuvwxyzäéñßłøçқмнрбахسمنربلاዳሰለם", min_size=1, max_size=8)


@given(st.lists(words, min_size=2, max_size=4))
@example(["Abdul", "Rahman"])
@example(["عبد", "الرحمن"])
@example(["van", "den", "Berg"])
def test_what_reads_as_one_may_be_joined(texts: list[str]) -> None:
    for part in prepare(Name.of(" ".join(texts))):
        if part.joined is not None:
            assert part.may_join_to(part.joined.skeleton)


@given(st.lists(words, min_size=2, max_size=2))
@example(["Abdul", "Rahman"])
def test_a_part_written_as_one_is_never_ruled_out(texts: list[str]) -> None:
    for whole in prepare(Name.of("".join(texts))):
        for part in prepare(Name.of(" ".join(texts))):
            joined = part.joined
            if joined is not None and joined.skeleton == whole.sound.readings[0].skeleton:
                assert part.may_join_to(whole.sound.readings[0].skeleton)
