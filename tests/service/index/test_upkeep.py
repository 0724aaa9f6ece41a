"""Rebuild, verify, repair and compact against a real store, while others work."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import update
from sqlmodel import Session, col

from service.cases.intake import register_case
from service.cases.schemas import CaseDraft
from service.index import upkeep as module
from service.index.models import IndexedCase
from service.index.sql import SqlIndex
from service.index.upkeep import Upkeep
from service.security.policy import operator
from tests.conftest import World, clock

FAMILY = ("Hosseini", "Tesfay", "Warsame", "Nguyen", "Kovalenko", "Hoxha", "Popescu", "Diallo")


def draft(number: int) -> CaseDraft:
    return CaseDraft.model_validate(
        {
            "kind": "missing",
            "record_id": f"R{number}",
            "names": [{"full": f"Samir {FAMILY[number % 8]}{'abcdefgh'[number // 8 % 8]}"}],
            "births": [{"date": f"20{10 + number % 8}-0{1 + number % 9}-14"}],
        }
    )


def register(world: World, number: int) -> str:
    with world.work("BE-POL") as work:
        taken = register_case(work, world.linkage, draft(number), limit=20)
        return taken.stored.case.public_id


def upkeep_of(world: World) -> Upkeep:
    return Upkeep(world.engine, world.linkage.open_index, operator("test"), clock, lambda *_: None)


def test_a_rebuild_holds_what_the_store_says(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 4)
    for number in range(11):
        register(any_world, number)
    before = upkeep_of(any_world)
    assert before.verify().clean
    generation = before.rebuild()
    assert before.verify().clean
    with Session(any_world.engine) as session:
        index = SqlIndex(session)
        assert index.generation() == generation
        assert index.cases() == 11


def test_registrations_during_a_rebuild_are_in_it(
    any_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SHARE", 2)
    for number in range(8):
        register(any_world, number)
    done = threading.Event()

    def go_on() -> None:
        for number in range(8, 30):
            register(any_world, number)
        done.set()

    writer = threading.Thread(target=go_on)
    writer.start()
    rebuilds = 0
    while not done.is_set() or not rebuilds:
        upkeep_of(any_world).rebuild()
        rebuilds += 1
    writer.join()
    assert upkeep_of(any_world).verify().clean
    with Session(any_world.engine) as session:
        assert SqlIndex(session).cases() == 30


def test_a_rebuild_that_was_killed_leaves_nothing_wrong(world: World) -> None:
    for number in range(6):
        register(world, number)
    with Session(world.engine) as session:
        index = SqlIndex(session)
        entries = list(index.all_held())
        killed = index.begin()
        index.fill(killed, entries[:3])
        session.commit()
    register(world, 6)
    upkeep = upkeep_of(world)
    assert upkeep.verify().clean
    upkeep.rebuild()
    assert upkeep.verify().clean


def test_what_differs_is_mended(world: World) -> None:
    for number in range(6):
        register(world, number)
    with Session(world.engine) as session:
        index = SqlIndex(session)
        ids = [entry.case_id for entry in index.all_held()]
        index.remove(ids[:2])
        session.execute(
            update(IndexedCase).where(col(IndexedCase.case_id) == ids[3]).values(packed=5)
        )
        session.commit()
    upkeep = upkeep_of(world)
    found = upkeep.verify()
    assert (len(found.missing), len(found.stale), len(found.surplus)) == (2, 1, 0)
    upkeep.repair(found)
    assert upkeep.verify().clean
