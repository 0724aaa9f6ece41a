"""HTTP for yellow notices, modelled on INTERPOL's public notices interface."""

from __future__ import annotations

import math
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request

from service.dependencies import AppParts, Work
from service.errors import NotFound
from service.exchange.interpol.notices import BASE, entity_id, links
from service.exchange.interpol.operations import (
    MOST_REACHABLE,
    list_notices,
    notice_detail,
    read_notice,
)
from service.exchange.interpol.schemas import NoticeQuery

router = APIRouter(prefix=BASE, tags=["notices"])


@router.get("")
def notices(
    query: Annotated[NoticeQuery, Query()], request: Request, work: Work, parts: AppParts
) -> dict[str, Any]:
    """List yellow notices of released cases."""
    base_url = parts.settings.public_url
    total, page = list_notices(work, parts.linkage, query, base_url)
    given = {key: value for key, value in request.query_params.items() if key != "page"}
    last = max(1, math.ceil(min(total, MOST_REACHABLE) / query.result_per_page))

    def link(number: int) -> dict[str, str]:
        asked = {**given, "resultPerPage": query.result_per_page, "page": number}
        return {"href": f"{base_url}{BASE}?{urlencode(asked)}"}

    found = {"self": link(query.page), "first": link(1), "last": link(last)}
    if query.page < last:
        found["next"] = link(query.page + 1)
    echo = {**given, "page": query.page, "resultPerPage": query.result_per_page}
    return {"total": total, "query": echo, "_embedded": {"notices": page}, "_links": found}


@router.get("/{notice_id}")
def notice(notice_id: str, work: Work, parts: AppParts) -> dict[str, Any]:
    """One notice in full."""
    found = read_notice(work, notice_id, "notice:read")
    return notice_detail(work, found, parts.settings.public_url)


@router.get("/{notice_id}/images")
def images(notice_id: str, work: Work, parts: AppParts) -> dict[str, Any]:
    """The photographs of one notice."""
    found = read_notice(work, notice_id, "notice:images")
    own = links(entity_id(found.case), parts.settings.public_url, found.photographs)
    pictures = [
        {
            "picture_id": item.public_id,
            "_links": {"self": {"href": f"{own['images']['href']}/{item.public_id}"}},
        }
        for item in found.photographs
    ]
    outer = {"self": own["images"], "notice": own["self"]}
    if "thumbnail" in own:
        outer["thumbnail"] = own["thumbnail"]
    return {"_embedded": {"images": pictures}, "_links": outer}


@router.get("/{notice_id}/images/{picture_id}")
def picture(notice_id: str, picture_id: str, work: Work) -> None:
    """The picture itself: EMPD holds metadata only, so there is none to give yet."""
    del picture_id
    read_notice(work, notice_id, "notice:picture")
    raise NotFound("EMPD holds the metadata of photographs, not yet the pictures")
