"""Pages of risk signs: flags that wait, the indicator matrix."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import ValidationError

from service.dependencies import Form, SignedInPage
from service.risk.api import read_flags, read_indicators
from service.risk.indicators import LISTS, Answer, load_list
from service.risk.operations import answer_indicators, decide_flag
from service.risk.schemas import NO_VERDICT, AnswersIn, Decision, DecisionIn
from service.web.forms import text
from service.web.rendering import redirect, render
from service.wrong_input import bad_input_from

router = APIRouter(include_in_schema=False)

SHOWN = 100


def _flags_page(page: SignedInPage, errors: tuple[str, ...] = (), status: int = 200) -> Response:
    found = read_flags(page.work, status="open", limit=SHOWN)
    return render(
        "risk.html",
        page,
        status=status,
        flags=found.flags,
        decisions=list(Decision),
        note=NO_VERDICT,
        errors=errors,
    )


@router.get("/risk")
def flags(page: SignedInPage) -> Response:
    """Flags on the cases of one's authority that wait for a person."""
    return _flags_page(page)


@router.post("/risk/{flag_id}/decision")
def decide(flag_id: str, page: SignedInPage, form: Form) -> Response:
    """Decide on a flag, with a reason."""
    try:
        draft = DecisionIn.model_validate(
            {"decision": text(form, "decision"), "reason": text(form, "reason")}
        )
    except ValidationError as error:
        problem = bad_input_from(error.errors(include_url=False))
        return _flags_page(page, (problem.detail,), problem.status)
    decide_flag(page.work, flag_id, draft)
    return redirect("/risk")


@router.get("/cases/{case_id}/indicators")
def matrix(case_id: str, page: SignedInPage) -> Response:
    """The indicator matrix with findings."""
    view = read_indicators(page.work, case_id)
    return render("indicators.html", page, view=view, answers=list(Answer), errors=())


@router.post("/cases/{case_id}/indicators")
def answer(case_id: str, page: SignedInPage, form: Form) -> Response:
    """Store the answers that differ from those that stand."""
    view = read_indicators(page.work, case_id)
    standing = {
        (part.id, item.code): item
        for part in view.lists
        for dimension in part.dimensions
        for item in dimension.indicators
    }
    changed = []
    for list_id in LISTS:
        for code in load_list(list_id).indicators():
            given = text(form, f"{list_id}:{code}")
            evidence = text(form, f"{list_id}:{code}:evidence")
            known = standing[list_id, code]
            if given and (given, evidence) != (known.answer.value, known.evidence):
                changed.append(
                    {"list": list_id, "indicator": code, "answer": given, "evidence": evidence}
                )
    if changed:
        try:
            draft = AnswersIn.model_validate({"answers": changed})
        except ValidationError as error:
            problem = bad_input_from(error.errors(include_url=False))
            return render(
                "indicators.html",
                page,
                status=problem.status,
                view=view,
                answers=list(Answer),
                errors=(problem.detail,),
            )
        answer_indicators(page.work, case_id, draft)
    return redirect(f"/cases/{case_id}/indicators")
