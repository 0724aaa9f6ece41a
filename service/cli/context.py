"""What every command needs: settings, store, matching, and who acts."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Annotated, Any, NoReturn, ParamSpec, TypeVar

import typer
from pydantic import ValidationError
from sqlalchemy import Engine

from matching.explain import LANGUAGES
from service.accounts.operations import actor_of
from service.accounts.repository import AccountRepository
from service.audit.schemas import AuditEvent
from service.cli.output import show_error
from service.clock import Clock, system_clock
from service.config import Settings
from service.errors import BadInput, EmpdError, FieldError, Forbidden, NotFound, Unavailable
from service.index.factory import index_factory, outbox_of
from service.jobs import JobContext, Progress
from service.linkage import Linkage
from service.observability import place_of
from service.profile import chosen_profile
from service.security.policy import Actor, operator
from service.store.engine import make_engine
from service.store.migrate import current_and_head
from service.store.unit_of_work import UnitOfWork, store_errors, unit_of_work
from service.wrong_input import bad_input_from

EXIT_REFUSED, EXIT_WRONG_USE, EXIT_OURS = 1, 2, 70
WrongUse: Any = typer.BadParameter.__base__
"""Root of typer's complaints about arguments; it exports only this leaf of them."""
P = ParamSpec("P")
R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")]
Official = Annotated[
    str,
    typer.Option(
        "--as", envvar="EMPD_OFFICIAL", help="Login of the official who acts; else the operator."
    ),
]


class Language(StrEnum):
    """Languages of explanations."""

    ENGLISH = "en"
    FRENCH = "fr"


InLanguage = Annotated[Language, typer.Option("--language", help="Of the reasons.")]


@dataclass(frozen=True, slots=True)
class Context:
    """The parts of one command."""

    settings: Settings
    engine: Engine
    linkage: Linkage
    clock: Clock
    actor: Actor
    language: str = LANGUAGES[0]

    def work(self, *, reads: bool = False) -> AbstractContextManager[UnitOfWork]:
        """A unit of work for the one who acts; `reads` when it writes only its audit rows."""
        return unit_of_work(
            self.engine, self.actor, clock=self.clock, language=self.language, reads=reads
        )

    def job(self, progress: Progress) -> JobContext:
        """Where long work of the one who acts runs."""

        def carry() -> None:
            outbox = outbox_of(self.settings, self.engine, self.clock)
            if outbox is not None:
                with closing(outbox):
                    outbox.carry(lambda done, total: progress("carrying changes", done, total))

        return JobContext(self.engine, self.actor, self.clock, self.linkage, progress, carry)


@contextmanager
def open_context(official: str = "", language: str = LANGUAGES[0]) -> Iterator[Context]:
    """Open the store for a command.

    Args:
        language: Of the sentences that explain evidence.
        official: Login of the official who acts; left out, the operator of the host,
            who holds the database anyway and is named in the trail.

    Raises:
        BadInput: If there is no such official.
        Unavailable: If the schema is not up to date.
    """
    settings = Settings()
    engine = make_engine(settings.database_url)
    try:
        with store_errors():
            current, head = current_and_head(engine)
        if current != head:
            raise Unavailable("the database is not up to date: run `empd db upgrade`")
        linkage = Linkage(chosen_profile(settings), index_factory(settings))
        actor = operator(getpass.getuser())
        if official:
            actor = _official(engine, actor, official)
        yield Context(settings, engine, linkage, system_clock, actor, language)
    finally:
        engine.dispose()


def _official(engine: Engine, host: Actor, login: str) -> Actor:
    with unit_of_work(engine, host, clock=system_clock) as work:
        accounts = AccountRepository(work.session)
        found = accounts.official(login)
        if found is None or found.disabled_at is not None:
            raise BadInput.of(FieldError("--as", "no official has this login"))
        work.audit(AuditEvent("session:act_as", detail={"login": login}))
        return actor_of(found, accounts.authority_by_id(found.authority_id))


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn errors into one clear line and an exit code."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except ValidationError as error:
            # What is wrong as a whole has no place to be told here: there is no body of a request.
            wrong = bad_input_from(error.errors(include_url=False)).detail
            _fail(wrong.removeprefix("body: "), EXIT_WRONG_USE)
        except (NotFound, Forbidden) as error:
            _fail(error.detail, EXIT_REFUSED)
        except EmpdError as error:
            _fail(error.detail, EXIT_WRONG_USE)
        except (typer.Exit, typer.Abort, WrongUse):
            raise
        except BrokenPipeError:
            # Who reads has enough: what is still held for it goes nowhere when Python ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(EXIT_REFUSED) from None
        except UnicodeError:
            _fail("an argument is not sound UTF-8", EXIT_WRONG_USE)
        except Exception as error:  # noqa: BLE001 - its text may hold what was typed or read
            what = f"{type(error).__name__} at {place_of(error)}"
            _fail(f"something went wrong on our side ({what})", EXIT_OURS)

    return run


def _fail(text: str, code: int) -> NoReturn:
    show_error(text)
    raise typer.Exit(code)
