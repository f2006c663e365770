"""Recognise the furniture around an article by its words: kickers, bylines, dates, captions, invitations, menus.

Each sign is anchored and limited in words, so that prose which speaks of the same things stays prose:
"The ministry should subscribe to the convention." is no invitation.
"""

import re
from dataclasses import dataclass

from pipeline.ground.records import SkipReason

_AGENCY = (
    r"(AFP|AP( Photo)?|EPA(-EFE)?|Reuters|REUTERS|Getty( Images)?|GETTY( IMAGES)?|TASS|Xinhua|Yonhap|KCNA"
    r"|Anadolu( Agency)?|DPA|dpa|ANSA|Kyodo( News)?|Shutterstock|Flickr|Wikimedia( Commons)?|UN Photo|Alamy)"
)
_MONTH = r"(jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_WEEKDAY = r"(mon|tues?|wed(nes)?|thu(rs)?|fri|sat(ur)?|sun)(day)?[.,]?"
_DAY = (
    rf"(\d{{1,2}}(st|nd|rd|th)?\s{_MONTH},?(\s\d{{4}})?|{_MONTH}\s\d{{1,2}}(st|nd|rd|th)?,?(\s\d{{4}})?"
    rf"|{_MONTH}\s\d{{4}}|\d{{4}}-\d\d-\d\d|\d{{1,2}}[./]\d{{1,2}}[./]\d{{2,4}})"
)
_CLOCK = r"(at\s)?\d{1,2}([:.]\d\d)?\s?([ap]\.?m\.?)?(\s[a-z]{3,4})?"
_NAME = r"[A-Z][\w.'’-]*( ((de|von|van|bin) )?[A-Z][\w.'’-]*){0,3}"
_FINAL = re.compile(
    r"""[.!?…]["'”’»›)\]*_]*
    (\[\d+\]|\(\d+\)|\d{1,3}(,\d{1,3})*|[¹²³⁰⁴-⁹†‡*]|\s?[↑↩])*
    ["'”’»›)\]*_]*$""",
    re.VERBOSE,
)

_LONGEST = 1500  # characters; no caption is longer


def ends_sentence(text: str) -> bool:
    """Tell whether a text ends in a sentence's final mark; quotes, brackets and note marks may follow it."""
    return bool(_FINAL.search(text[-40:]))


@dataclass(frozen=True)
class _Sign:
    """Give `reason` to a block of at most `most` words in which `pattern` is found."""

    reason: SkipReason
    most: int
    pattern: re.Pattern[str]


def _sign(reason: SkipReason, most: int, *patterns: str, case: bool = False) -> _Sign:
    return _Sign(reason, most, re.compile("|".join(f"(?:{one})" for one in patterns), re.NOFLAG if case else re.I))


# Searched in this order; the first that fits names the block.
_SIGNS = (
    _sign(SkipReason.NAVIGATION, 100, r"^[\W_]*$", r"^\W*\d{1,4}\W*$"),
    _sign(SkipReason.NAVIGATION, 30, r"\ball rights reserved\b", r"^(©|\(c\)|copyright)\W*\d{4}"),
    _sign(SkipReason.NAVIGATION, 40, r"^(we use|this (web)?site uses) cookies\b"),
    _sign(
        SkipReason.NAVIGATION,
        8,
        r"^(related|recommended|popular|latest|more|most read) (content|articles?|stories|news|posts?|topics)\W*$",
        r"^(related|recommended|further|more) (publications?|items?|reading|links?)\W*$",
        r"^you (may|might) also like\W*$|^also available in\b|^this (page|article|text) is also available\b",
        r"^(see also|(table of )?contents|back to (the )?top|home|menu|search|close|next|previous|log in|sign in)\W*$",
        r"^skip to (the )?(main )?(content|navigation)\W*$|^page \d+( of \d+)?\W*$|^click here( to\b.*)?$",
        r"^(print|email|e-mail|save)( this)?( page| article)?\W*$|^(show|load|view|see) (more|all|less)\W*$",
        r"^accept( all)?( cookies)?\W*$|^(privacy|cookie) (policy|notice|settings)\W*$|^terms of (use|service)\W*$",
        r"^(tags?|topics?|filed under):",
    ),
    _sign(SkipReason.NAVIGATION, 10, r"^(read (more|next|also|on)|keep reading|continue reading)\b[^.!?]*\W*$"),
    _sign(SkipReason.NAVIGATION, 5, r"^(share|tweet|follow us)( (this|on|via|with|at))?( [\w@-]+){0,3}\W*$"),
    _sign(SkipReason.NAVIGATION, 9, r"^download\b[^.!?]*$", r"^download\b.*\bpdf\b"),
    _sign(
        SkipReason.SUBSCRIPTION,
        30,
        r"^(please |click here to )?(subscribe|sign up|register|join|receive|get|stay|enter|never miss)\b"
        r".*\b(inbox|newsletters?|e-?mails?|mailing list|updates|alerts|up to date|informed|latest news)\b",
    ),
    _sign(SkipReason.SUBSCRIPTION, 12, r"^(please )?(subscribe|sign up)\b", r"^your e-?mail( address)?\W*$"),
    _sign(
        SkipReason.CONTACT,
        40,
        r"^((media|press|for) )?(contacts?|enquiries|inquiries)( us| details| person| information)?:",
        r"^for ((more|further|additional) information|(press|media) (enquiries|inquiries))\b"
        r".*\b(contact|visit|call|write|email|e-mail|see)\b",
        r"^(tel|phone|telephone|fax|mobile|e-?mail|website|web|twitter)\.?:",
    ),
    _sign(SkipReason.CONTACT, 8, r"\S+@\S+\.\w{2,}", r"(\+|\b00)\d[\d ()-]{7,}", r"^(https?://|www\.)\S+$"),
    _sign(
        SkipReason.DATE_LINE,
        14,
        r"^((last )?(published|updated|posted|issued|released|date)( on)?:?\s)?(([\w.'’-]+\s){0,2}[\w.'’-]+,\s)?"
        rf"({_WEEKDAY}\s)?{_DAY}"
        rf"([\s,|/–—-]+{_CLOCK})?\W*$",
    ),
    _sign(
        SkipReason.BYLINE,
        14,
        rf"^((Written|Posted|Reported|Reporting|Edited|Compiled|Analysis|Text) )?[Bb]y:? (the )?{_NAME}[^.!?]*$",
        rf"^(Authors?|Editors?|Writers?|Contributors?): {_NAME}[^.!?]*$",
        case=True,
    ),
    _sign(
        SkipReason.CAPTION,
        120,
        r"^(photo(graph)?|image|picture|illustration|credits?|video|caption|sources?)( by| credit| courtesy)?(:| ©)|^©",
        r"^(figure|fig\.|map|chart|table|graph|box|photo|image)\s?[\dIVX]{1,4}[a-z]?(\s?[:.–—-]\s|\W*$)",
        r"©[^.!?]{1,60}$|[.!?…][\"”’)]*\s(photo(graph)?|image|credit|source): ?[^.!?]{1,60}$",
    ),
    _sign(
        SkipReason.CAPTION,
        120,
        rf"(/|\||\bvia|\()\s?{_AGENCY}\b[^.!?]{{0,40}}[.)]?$",
        rf"[.!?…][\"”’)]*\s{_NAME}\s?/\s?{_NAME}$",
        case=True,
    ),
    _sign(SkipReason.KICKER, 12, r"(^|\s)\d{1,3}[ -]?min(ute)?s?( read(ing time)?)?$", r"^(estimated )?reading time\b"),
    _sign(SkipReason.KICKER, 8, r"^[^.!?]{1,40}\s[/|»›>]\s[^.!?]{1,60}$"),
)


def furniture(text: str) -> SkipReason | None:
    """Name what a block is by its words alone; None where it may be prose or a title."""
    if len(text) > _LONGEST:
        return None
    count = len(text.split())
    return next((sign.reason for sign in _SIGNS if count <= sign.most and sign.pattern.search(text)), None)
