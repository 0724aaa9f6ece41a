"""Which profile the service scores with: the shipped one, or a file that a setting names."""

from __future__ import annotations

from pathlib import Path

from matching.profile import Profile, load_profile, parse_profile
from service.config import Settings
from service.errors import BadInput, FieldError


def chosen_profile(settings: Settings) -> Profile:
    """The profile of the setting `profile`.

    Raises:
        BadInput: If the file cannot be read or is no profile.
    """
    if not settings.profile:
        return load_profile()
    try:
        return parse_profile(Path(settings.profile).read_bytes())
    except OSError:
        raise BadInput.of(FieldError("EMPD_PROFILE", "cannot be read")) from None
    except KeyError as error:
        reason = f"is no profile: {error.args[0]} is missing"
        raise BadInput.of(FieldError("EMPD_PROFILE", reason)) from None
    except (ValueError, TypeError) as error:
        # A profile holds numbers and names of fields, nothing about persons.
        raise BadInput.of(FieldError("EMPD_PROFILE", f"is no profile: {error}")) from None
