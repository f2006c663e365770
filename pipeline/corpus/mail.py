"""Read e-mail messages: what the sender wrote, without quoted replies, headers of what is forwarded, and signature."""

import re
import shlex
from collections.abc import Iterable, Iterator
from email import errors as faults
from email import message_from_bytes, policy
from email.message import EmailMessage, MIMEPart
from pathlib import Path

from pipeline.corpus.dating import calendar_date
from pipeline.corpus.decoding import known_encoding
from pipeline.corpus.normalise import characters, collapse
from pipeline.corpus.pieces import Parsed
from pipeline.corpus.plaintext import plain_blocks
from pipeline.corpus.webpage import declared_encoding, text_encoding, webpage_blocks
from pipeline.ground.errors import DocumentError

MAX_DEPTH = 5  # messages within messages; a longer chain is a thread, and what was said is in its outer ones
_TELLING = ("from", "to", "date", "subject", "received", "message-id", "mime-version")
_QUOTED = re.compile(r"\s{0,3}>")
_ATTRIBUTION = re.compile(
    r"(on|le|am|el|il)\b.{3,200}\b(wrote|a écrit|schrieb|escribió|ha scritto)\s?:\s*$", re.I | re.S
)
_FORWARDED = re.compile(r"[-_ ]*(begin )?forwarded message\b[-_ :]*$|-+ ?forwarded by\b.*", re.I)
_ORIGINAL = re.compile(r"-{2,} ?original message ?-{2,}\s*$|_{20,}\s*$", re.I)
_HEADER = re.compile(r"\*?(from|sent|date|to|cc|bcc|subject|reply-to|importance|attachments)\*?:", re.I)
_REPLY = re.compile(r"(?:(?:re|fwd?|aw|wg|tr|sv|antw)(?:\[\d+\])?\s*:\s*)+", re.I)
_FORWARD = re.compile(r"\s*(fwd?|wg|tr)\s*:", re.I)
# The standard library's parser of headers has raised each of these on damaged ones.
_DAMAGE = (faults.MessageError, LookupError, ValueError, TypeError, AttributeError, AssertionError, RecursionError)
_BROKEN_PART = (
    faults.InvalidBase64PaddingDefect,
    faults.InvalidBase64CharactersDefect,
    faults.InvalidBase64LengthDefect,
)
_BROKEN_WHOLE = (faults.NoBoundaryInMultipartDefect, faults.StartBoundaryNotFoundDefect)


def read_mail(path: Path, raw: bytes, encoding: str | None = None) -> Parsed:
    """Read the text of a message, plain rather than HTML; of attachments, only a message where there is no text else.

    `encoding` overrides the charset the message declares.

    Raises:
        DocumentError: the bytes are no message, are damaged or in another charset than declared, or hold no text.
    """
    try:
        message = message_from_bytes(raw, policy=policy.default)
        if not any(name.lower() in _TELLING for name in message):
            fault = f"{path}: not an e-mail message; it begins with no header such as From, Date or Subject"
            raise DocumentError(fault, hint=f"look at it: head {shlex.quote(str(path))}")
        if encoding is not None:
            encoding = known_encoding(path, encoding)
        parsed = _read(path, message, encoding, MAX_DEPTH)
        title, date = _facts(message)
    except _DAMAGE as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    if parsed is None:
        raise DocumentError(
            f"{path}: a message without text of its own; quoted replies, signature and attachments are not read",
            hint="save the attachment that holds the text, and name it instead",
        )
    return Parsed(parsed.text, parsed.blocks, title, date)


def _damaged(path: Path, said: str) -> DocumentError:
    hint = f"save the message anew from your mail program, or its text as {path.stem}.txt"
    return DocumentError(f"{path}: damaged message: {said}", hint=hint)


def _facts(message: EmailMessage) -> tuple[str, str]:
    """Give the subject without `Re:` and the like, and the date."""
    subject = _REPLY.sub("", collapse(characters(str(message.get("subject") or ""))), count=1)
    sent = getattr(message.get("date"), "datetime", None)
    return subject, calendar_date(sent.year, sent.month, sent.day) if sent else ""


def _read(path: Path, message: EmailMessage, encoding: str | None, depth: int) -> Parsed | None:
    """Read a message, or the first one within it that holds text; None where none does."""
    if any(isinstance(defect, _BROKEN_WHOLE) for defect in message.defects):
        raise _damaged(path, "its parts cannot be told apart, for their boundary is missing")
    forwarding = bool(_FORWARD.match(str(message.get("subject") or "")))
    for kind in ("plain", "html"):
        part = message.get_body(preferencelist=(kind,))
        if part is None:
            continue
        _refuse_cut(path, message, part)
        source = _decoded(path, part, encoding)
        if kind == "plain":
            text = own_text(_unflowed(source, part), forwarding=forwarding)
            blocks = plain_blocks(text)
        else:
            text, blocks = webpage_blocks(source)
        if blocks:
            return Parsed(text, blocks)
    for part in message.walk() if depth else ():
        inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" and part.is_multipart() else None
        if isinstance(inner, EmailMessage) and (found := _read(path, inner, encoding, depth - 1)):
            return found
    return None


def _refuse_cut(path: Path, message: EmailMessage, part: MIMEPart) -> None:
    """Refuse a message that ends within the part that is read."""
    cut = any(
        isinstance(defect, faults.CloseBoundaryNotFoundDefect) for one in message.walk() for defect in one.defects
    )
    leaves = [one for one in message.walk() if not one.is_multipart()]
    if cut and leaves and leaves[-1] is part:
        raise _damaged(path, "it is cut short: the boundary that ends its text is missing")


def _decoded(path: Path, part: MIMEPart, encoding: str | None) -> str:
    """Decode a part by the encoding asked for, its charset, a page's own declaration, or UTF-8."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        raise _damaged(path, "its text part holds parts")
    if any(isinstance(defect, _BROKEN_PART) for defect in part.defects):
        raise _damaged(path, "its text is broken base64")
    charset = part.get_content_charset()
    declared = charset or (declared_encoding(payload) if part.get_content_subtype() == "html" else None) or "utf-8"
    # Senders call both UTF-8 and Windows text ASCII or Latin-1; every ASCII text is UTF-8.
    names = {"us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "windows-1252"}
    name = encoding or text_encoding(names.get(declared, declared))
    if name is None:
        fault = f"{path}: its charset {declared!r} is none that Python knows"
        raise DocumentError(
            fault, hint=f"name the one it is: stance sentences {shlex.quote(str(path))} --encoding utf-8"
        )
    try:
        return payload.decode(name).replace("\0", "")
    except UnicodeDecodeError as error:
        fault = f"{path}: its text is not {name}: byte {payload[error.start]:#04x} at offset {error.start} of the text"
        hint = f"name the encoding it is in: stance sentences {shlex.quote(str(path))} --encoding windows-1252"
        raise DocumentError(fault, hint=hint) from error


def _unflowed(text: str, part: MIMEPart) -> str:
    """Undo `format=flowed` (RFC 3676): a line that ends in a space goes on in the next one."""
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    glue = "" if str(part.get_param("delsp") or "").lower() == "yes" else " "
    lines: list[str] = []
    open_line = False
    for line in text.splitlines():
        line = line.removeprefix(" ")
        if open_line and not _QUOTED.match(line) and line != "-- ":
            lines[-1] = lines[-1].removesuffix(" ") + glue + line
        else:
            lines.append(line)
        open_line = line.endswith(" ") and line != "-- " and not _QUOTED.match(line)
    return "\n".join(lines)


def own_text(text: str, *, forwarding: bool = False) -> str:
    """Give what the sender wrote or, when `forwarding`, also what follows the headers of the forwarded message."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    kept = list(_own_lines(lines, forwarding=forwarding))
    # Where nothing stands above an original message, the original is what was sent.
    if not forwarding and not any(line.strip() for line in kept):
        kept = list(_own_lines(lines, forwarding=True))
    return "\n".join(kept)


def _own_lines(lines: list[str], *, forwarding: bool) -> Iterator[str]:
    place, signed = 0, False
    while place < len(lines):
        line = lines[place]
        after = _after_headers(lines, place)
        if after:
            if not (forwarding or _FORWARDED.match(line.strip())):
                return
            place, signed = after, False
        elif line.rstrip() == "--":
            place, signed = place + 1, True
        elif quoted := _attributed(lines, place):
            place += quoted
        else:
            if not (signed or _QUOTED.match(line)):
                yield line
            place += 1


def _after_headers(lines: list[str], place: int) -> int:
    """Give the index behind the headers of an original or forwarded message that begin here; 0 where none do."""
    line = lines[place].strip()
    cut = bool(_FORWARDED.match(line) or _ORIGINAL.match(line))
    first = place + cut
    while cut and first < len(lines) and not lines[first].strip():
        first += 1
    last = first
    while last < len(lines) and _HEADER.match(lines[last].strip()):
        last += 1
    if last - first >= (1 if cut else 3):
        return last
    return place + 1 if cut and _FORWARDED.match(line) else 0


def _attributed(lines: list[str], place: int) -> int:
    """Count the lines of `On … wrote:` above a quoted reply, blank ones included; 0 for other text."""
    for length in (1, 2):
        if _ATTRIBUTION.match(" ".join(lines[place : place + length]).strip()):
            rest: Iterable[str] = lines[place + length :]
            following = next((line for line in rest if line.strip()), "")
            return length if _QUOTED.match(following) else 0
    return 0
