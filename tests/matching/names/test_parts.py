"""Parts that were written as one: the cheap question before the dear one never errs."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from matching.names.parts import kept_letters, kept_together, may_be_joined, prepare, reading
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


latin = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=7)
bits = "abd abdu ul ll t s c h d z x ma i av ov y k".split()
tricky = st.lists(st.sampled_from(bits), min_size=1, max_size=5).map("".join)


@settings(max_examples=1_000, deadline=None)
@example("abdu", "", "llah")
@example("ma", "", "xim")
@example("det", "", "schuman")
@example("nour", "", "abdelrahman")
@example("abas", "", "abdelziz")
@example("tim", "", "maximilian")
@example("a", "", "abdullah")
@given(latin | tricky, st.just("") | latin | tricky, latin | tricky)
def test_skeletons_tell_which_parts_may_be_joined(one: str, between: str, other: str) -> None:
    assert kept_together(one, other) == kept_letters(one + other)
    joined = reading(one + between + other).skeleton
    assert may_be_joined(reading(one).skeleton, reading(other).skeleton, [joined])


@given(st.lists(words, min_size=2, max_size=2))
@example(["Abdul", "Rahman"])
def test_a_part_written_as_one_is_never_ruled_out(texts: list[str]) -> None:
    for whole in prepare(Name.of("".join(texts))):
        for part in prepare(Name.of(" ".join(texts))):
            joined = part.joined
            if joined is not None and joined.skeleton == whole.sound.readings[0].skeleton:
                assert part.may_join_to(whole.sound.readings[0].skeleton)
