"""Find the date of a document: in what it says of itself, or in the name of its file."""

import re
from calendar import monthrange
from collections.abc import Iterator

_EARLIEST, _LATEST = 1900, 2099  # a number outside is no year of a document
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_YEAR, _MONTH, _DAY = r"(?P<year>\d{4})", r"(?P<month>\d{1,2})", r"(?P<day>\d{1,2})"
_NAMED = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_GAP = r"[\s._,-]{1,3}"
# Tried in this order: the fuller the form, the surer. Day and month in figures alone are ambiguous and not read.
_FORMS = tuple(
    re.compile(rf"(?<![\da-z]){form}(?![\da-z])", re.IGNORECASE)
    for form in (
        rf"{_YEAR}(?P<between>[-_. ]){_MONTH}(?P=between){_DAY}",
        r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
        rf"{_DAY}(?:st|nd|rd|th)?{_GAP}{_NAMED}{_GAP}{_YEAR}",
        rf"{_NAMED}{_GAP}{_DAY}(?:st|nd|rd|th)?{_GAP}{_YEAR}",
        rf"{_YEAR}{_GAP}{_NAMED}{_GAP}{_DAY}",
        rf"{_NAMED}{_GAP}{_YEAR}",
        rf"{_YEAR}{_GAP}{_NAMED}",
        r"(?P<year>\d{4})[-_. ](?P<month>\d\d)",
        _YEAR,
    )
)
_ISO = re.compile(r"(?P<year>\d{4})(?:-?(?P<month>\d\d)(?:-?(?P<day>\d\d))?)?(?![\d-])")


def date_in_name(name: str) -> str:
    """Find a date in a file's name (`2018-03-09`, `20180309`, `2018_03`, `9 March 2018`); ISO 8601, or empty.

    Impossible dates and years outside 1900 to 2099 are passed over; a name that holds several dates gives none.
    """
    stem = re.sub(r"\.[A-Za-z][A-Za-z0-9]{0,7}$", "", name)
    for form in _FORMS:
        found = {date for match in form.finditer(stem) for date in _dates(match)}
        if found:
            return found.pop() if len(found) == 1 else ""
    return ""


def iso_date(text: str) -> str:
    """Give the date a metadata field holds as ISO 8601 (`2018-03-09T10:00Z`, `D:20180309…`, `9 March 2018`)."""
    text = text.strip().removeprefix("D:")
    # A time of day follows the date without a gap in PDF, and after a T or a space elsewhere.
    found = _ISO.match(text[:8] if text[:8].isdecimal() else re.split(r"[T ]", text, maxsplit=1)[0])
    dates = list(_dates(found)) if found else []
    return dates[0] if dates else date_in_name(text)


def calendar_date(year: int, month: int | None = None, day: int | None = None) -> str:
    """Write a date as ISO 8601; empty where no calendar has it."""
    if not _EARLIEST <= year <= _LATEST:
        return ""
    if month is None:
        return f"{year:04}"
    if not 1 <= month <= 12 or (day is not None and not 1 <= day <= monthrange(year, month)[1]):
        return ""
    return f"{year:04}-{month:02}" if day is None else f"{year:04}-{month:02}-{day:02}"


def _dates(found: re.Match[str]) -> Iterator[str]:
    """Yield the date of a match, if it is one."""
    parts = found.groupdict()
    month = _MONTHS.index(parts["name"][:3].lower()) + 1 if parts.get("name") else parts.get("month")
    day = parts.get("day")
    date = calendar_date(int(parts["year"]), int(month) if month else None, int(day) if day else None)
    if date:
        yield date
