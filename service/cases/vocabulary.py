"""Code lists of a case: SIS categories, case types, handling and evaluation codes.

Sources: Regulation (EU) 2018/1862 Article 32(1), 32(9) and 53; Directive (EU)
2016/680 Article 6; Europol handling and evaluation codes as quoted in Council
document 6243/18.
"""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """Life cycle of a case."""

    OPEN = "open"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a case ended; after SIS Article 55 and child-protection practice."""

    FOUND = "found"
    REUNIFIED = "reunified"
    PROTECTION_IN_PLACE = "protection_in_place"
    TRANSFERRED = "transferred"
    DUPLICATE = "duplicate"
    DECEASED = "deceased"
    OTHER = "other"


class SisCategory(StrEnum):
    """Categories of SIS Article 32(1)."""

    MISSING_OWN_PROTECTION = "a.i"
    MISSING_THREAT = "a.ii"
    MISSING_NO_PROTECTION = "b"
    RISK_OF_ABDUCTION = "c"
    RISK_TRAFFICKING = "d.i"
    RISK_TERRORISM = "d.ii"
    RISK_ARMED_GROUPS = "d.iii"
    VULNERABLE_ADULT = "e"


REVIEW_YEARS: dict[SisCategory, int] = {
    SisCategory.MISSING_OWN_PROTECTION: 5,
    SisCategory.MISSING_THREAT: 5,
    SisCategory.MISSING_NO_PROTECTION: 5,
    SisCategory.RISK_OF_ABDUCTION: 1,
    SisCategory.RISK_TRAFFICKING: 1,
    SisCategory.RISK_TERRORISM: 1,
    SisCategory.RISK_ARMED_GROUPS: 1,
    SisCategory.VULNERABLE_ADULT: 1,
}
"""Years until review, SIS Article 53."""
DEFAULT_REVIEW_YEARS = 1
"""For a case without a category: the shorter of the periods of Article 53."""


class CaseType(StrEnum):
    """Types of case, SIS Article 32(9) and the categories of the 116 000 hotlines."""

    RUNAWAY = "runaway"
    UNACCOMPANIED_MINOR = "unaccompanied_minor"
    PARENTAL_ABDUCTION = "parental_abduction"
    CRIMINAL_ABDUCTION = "criminal_abduction"
    LOST_OR_INJURED = "lost_or_injured"
    OTHER = "other"


class LegalRegime(StrEnum):
    """Which data-protection law a case is held under."""

    GDPR = "gdpr"
    LED = "led"


class SubjectCategory(StrEnum):
    """Categories of data subjects, Directive (EU) 2016/680 Article 6."""

    VICTIM = "victim"
    POSSIBLE_VICTIM = "possible_victim"
    MISSING_PERSON = "missing_person"
    OTHER = "other"


class HandlingCode(StrEnum):
    """Handling codes; H3 needs a note."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


class TraffickingBelief(StrEnum):
    """Whether the authority believes the person to be a victim of traffickers."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Channel(StrEnum):
    """Partner services to which the owner releases a case."""

    INTERPOL = "interpol"
    EUROPOL = "europol"


class ContactKind(StrEnum):
    """Kinds of contact claims."""

    PHONE = "phone"
    EMAIL = "email"


class EventKind(StrEnum):
    """Kinds of events."""

    DISAPPEARANCE = "disappearance"
    ENCOUNTER = "encounter"
    SIGHTING = "sighting"
    ARRIVAL = "arrival"


class Relation(StrEnum):
    """How a person near the subject relates to them."""

    FATHER = "father"
    MOTHER = "mother"
    SIBLING = "sibling"
    ACCOMPANYING_ADULT = "accompanying_adult"
    OTHER = "other"


class ClaimKind(StrEnum):
    """Kinds of claims; the value of each has its own schema."""

    NAME = "name"
    BIRTH = "birth"
    SEX = "sex"
    NATIONALITY = "nationality"
    COUNTRY_OF_BIRTH = "country_of_birth"
    PLACE_OF_BIRTH = "place_of_birth"
    LANGUAGE = "language"
    CONTACT = "contact"
    DOCUMENT = "document"
    ADDRESS = "address"
    DESCRIPTION = "description"
    RELATIVE = "relative"


EVALUATION_PATTERN = r"^[ABCX][1-4]$"
"""Source A, B, C or X and information 1 to 4, such as B2."""
