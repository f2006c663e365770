"""Write dates of tables in ISO 8601, where they can mean only one day."""

import re
from datetime import datetime

_PARTIAL = re.compile(r"\d{4}(-(0[1-9]|1[0-2]))?")
# Month or day first cannot be told in 03/04/2024, so that no such form stands here.
_FORMS = ("%Y/%m/%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%B %d %Y", "%d %b %Y", "%b %d, %Y", "%d-%b-%Y")
_LONGEST = 40


def iso_date(said: str) -> str:
    """Give a date as ISO 8601 (year, year-month or day; the time is left out), or as it stands where it is none."""
    said = said.strip()
    # A longer run of digits counts seconds or is a key, though Python would find a date in it.
    if not said or len(said) > _LONGEST or _PARTIAL.fullmatch(said) or (said.isdigit() and len(said) != 8):
        return said
    try:
        return datetime.fromisoformat(said).date().isoformat()
    except ValueError:
        pass
    for form in _FORMS:
        try:
            return datetime.strptime(said, form).date().isoformat()
        except ValueError:
            continue
    return said
