"""What comes in about accounts."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.cases.values import Country, Line
from service.security.policy import Permission, Role

Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9_-]{1,39}$")]
Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{1,63}$")]


class AuthorityKind(StrEnum):
    """Types of authorities."""

    POLICE = "police"
    CHILD_PROTECTION = "child_protection"
    BORDER = "border"
    RECEPTION_CENTRE = "reception_centre"
    HOTLINE = "hotline"
    INTERPOL = "interpol"
    EUROPOL = "europol"


class AuthorityIn(BaseModel):
    """A body that owns cases."""

    model_config = ConfigDict(extra="forbid")

    code: Code
    name: Annotated[Line, StringConstraints(min_length=1)]
    country: Country
    kind: AuthorityKind
    email: Line = ""
    phone: Line = ""


class OfficialIn(BaseModel):
    """A person who acts for an authority."""

    model_config = ConfigDict(extra="forbid")

    authority: Code
    login: Login
    name: Annotated[Line, StringConstraints(min_length=1)]
    roles: list[Role] = Field(min_length=1)


class ClientIn(BaseModel):
    """A partner system."""

    model_config = ConfigDict(extra="forbid")

    authority: Code
    name: Annotated[Line, StringConstraints(min_length=1)]
    scopes: list[Permission] = Field(min_length=1)
