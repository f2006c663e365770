"""A message gives up what its sender wrote, and nothing of what others wrote before."""

import base64

import pytest
from pdfs import CLOSING, MIDDLE, OPENING, blocks, parsed, sentences

from pipeline.corpus.mail import own_text
from pipeline.ground.errors import DocumentError
from pipeline.ground.records import BlockKind

NAME = "accord.eml"
HEAD = "From: Mira Lund <mira@example.org>\r\nTo: desk@example.org\r\nDate: Fri, 09 Mar 2018 23:30:00 +0100\r\n"
PLAIN = "Content-Type: text/plain; charset=utf-8\r\n"
PAGE = f"<html><body><article><p>{OPENING} {MIDDLE} {CLOSING}</p><p>{OPENING}</p></article></body></html>"


def _mail(body: str, head: str = PLAIN, subject: str = "Re: AW: Talks on the river") -> bytes:
    return f"{HEAD}Subject: {subject}\r\n{head}\r\n{body}".encode()


def _parts(*parts: str, kind: str = "alternative") -> bytes:
    inner = "".join(f"--xx\r\n{part}\r\n" for part in parts)
    return _mail(f"{inner}--xx--\r\n", f'MIME-Version: 1.0\r\nContent-Type: multipart/{kind}; boundary="xx"\r\n')


def _told(raw: bytes) -> list[str]:
    return [one.text for one in sentences(raw, NAME).sentences]


def test_subject_and_date():
    document = parsed(_mail(OPENING), "2001.eml")
    assert (document.title, document.date, document.text) == ("Talks on the river", "2018-03-09", OPENING)


def test_encoded_subject():
    assert parsed(_mail(OPENING, subject="=?utf-8?Q?D=C3=A9tente_now?="), NAME).title == "Détente now"


def test_hard_wrapped_lines_are_one_paragraph():
    wrapped = (
        "The envoys met at noon and agreed on little, but they agreed to meet\r\n"
        "again when the harvest was in. Neither side can afford another dry\r\n"
        "summer, and both of them have said so to whoever would listen to them.\r\n"
    )
    document = parsed(_mail(wrapped), NAME)
    assert len(blocks(document, BlockKind.PARAGRAPH)) == 1
    assert [" ".join(one.split()) for one in _told(_mail(wrapped))][1].startswith(
        "Neither side can afford another dry summer"
    )


@pytest.mark.parametrize(
    ("param", "body"),
    [
        ("format=flowed", "The envoys met \r\nat noon and agreed \r\non little.\r\n-- \r\nMira\r\n"),
        ("format=flowed; delsp=yes", "The envoys met  \r\nat noon and agr \r\need on little.\r\n"),
        ("format=flowed", " The envoys met \r\nat noon and agreed \r\non little.\r\n> Who met? \r\n> Where?\r\n"),
    ],
)
def test_flowed_text(param, body):
    assert _told(_mail(body, f"Content-Type: text/plain; charset=utf-8; {param}\r\n")) == [
        "The envoys met at noon and agreed on little."
    ]


OWN = [
    (f"{OPENING}\n\nOn Friday, 9 March 2018 at 10:00, Jan Hovel wrote:\n> {MIDDLE}\n> > {CLOSING}\n", [OPENING]),
    (f"On Friday, 9 March 2018 at 10:00, Jan Hovel\n<jan@example.org> wrote:\n\n> {MIDDLE}\n\n{OPENING}\n", [OPENING]),
    (f"> {MIDDLE}\n{OPENING}\n> {MIDDLE}\n{CLOSING}\n", [OPENING, CLOSING]),
    (f"{OPENING}\n\n-- \nMira Lund\nThe desk is open until noon.\n", [OPENING]),
    (f"{OPENING}\n\n-----Original Message-----\nFrom: Jan\nSent: Friday\nSubject: x\n\n{MIDDLE}\n", [OPENING]),
    (f"{OPENING}\n\nFrom: Jan Hovel\nSent: Friday\nTo: Mira\nSubject: x\n\n{MIDDLE}\n", [OPENING]),
    (f"{OPENING}\n\n---------- Forwarded message ---------\nFrom: Jan\nDate: Friday\n\n{MIDDLE}\n", [OPENING, MIDDLE]),
    (f"-----Original Message-----\nFrom: Jan\nSent: Friday\n\n{MIDDLE}\n", [MIDDLE]),
    (f"On Friday the ambassador wrote:\n\n{OPENING}\n", ["On Friday the ambassador wrote:", OPENING]),
    (f"{OPENING}\n\n--\n\nFrom: a note\n", [OPENING]),
]


@pytest.mark.parametrize(("body", "told"), OWN)
def test_what_others_wrote_is_left_out(body, told):
    assert _told(_mail(body)) == told


def test_what_a_forwarded_message_says_is_read():
    body = f"{OPENING}\n\n-----Original Message-----\nFrom: Jan\nSent: Friday\nSubject: x\n\n{MIDDLE}\n"
    assert _told(_mail(body, subject="FW: x")) == [OPENING, MIDDLE]
    assert own_text("a\n\nFrom: b\nTo: c\nDate: d\n\ne", forwarding=True).split() == ["a", "e"]


def test_plain_text_is_preferred_and_attachments_are_ignored():
    page = f"Content-Type: text/html; charset=utf-8\r\n\r\n{PAGE}"
    raw = _parts(f"{PLAIN}\r\n{MIDDLE}", page)
    assert _told(raw) == [MIDDLE]
    attached = f"Content-Type: text/plain\r\nContent-Disposition: attachment; filename=a.txt\r\n\r\n{CLOSING}"
    assert _told(_parts(f"{PLAIN}\r\n{MIDDLE}", attached, kind="mixed")) == [MIDDLE]


def test_a_page_is_read_where_there_is_no_plain_text():
    page = f"Content-Type: text/html; charset=utf-8\r\n\r\n{PAGE}"
    assert _told(_parts(page))[:3] == [OPENING, MIDDLE, CLOSING]
    assert _told(_parts(f"{PLAIN}\r\n  ", page))[:3] == [OPENING, MIDDLE, CLOSING]


def test_a_message_within_a_message_is_read_where_there_is_nothing_else():
    inner = "Content-Type: message/rfc822\r\n\r\n" + _mail(CLOSING).decode()
    assert _told(_parts(f"{PLAIN}\r\n ", inner, kind="mixed")) == [CLOSING]
    assert _told(_parts(f"{PLAIN}\r\n{OPENING}", inner, kind="mixed")) == [OPENING]


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("windows-1252", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("utf-8", "utf-8"),
        ("us-ascii", "utf-8"),
        ("koi8-r", "koi8-r"),
    ],
)
def test_charsets(charset, encoding):
    word = "мир" if encoding == "koi8-r" else "“détente”"
    body = base64.encodebytes(f"They call it {word} now.".encode(encoding)).decode()
    head = f"Content-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: base64\r\n"
    assert parsed(_mail(body, head), NAME).text == f"They call it {word} now."


def _fault(raw: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        parsed(raw, NAME)
    assert caught.value.message.startswith(NAME) and caught.value.hint
    return caught.value


def test_a_charset_that_is_none_or_not_the_one_declared():
    head = "Content-Type: text/plain; charset=klingon\r\n"
    assert "its charset 'klingon' is none that Python knows" in _fault(_mail(OPENING, head)).message
    raw = _mail("", PLAIN) + "La détente holds.".encode("cp1252")
    fault = _fault(raw)
    assert "not utf-8: byte 0xe9 at offset 4" in fault.message and "--encoding windows-1252" in fault.hint


def test_an_encoding_asked_for_overrides(tmp_path):
    from pipeline.corpus.readers import read_document

    path = tmp_path / NAME
    path.write_bytes(_mail("", "Content-Type: text/plain; charset=klingon\r\n") + "La détente holds.".encode("cp1252"))
    assert read_document(path, encoding="windows-1252").text == "La détente holds."
    with pytest.raises(DocumentError, match="unknown encoding"):
        read_document(path, encoding="klingon")


def test_broken_messages():
    assert "not an e-mail message" in _fault(OPENING.encode()).message
    assert "boundary is missing" in _fault(_mail(OPENING, "Content-Type: multipart/mixed\r\n")).message
    assert "boundary is missing" in _fault(_mail(OPENING, "Content-Type: multipart/mixed; boundary=yy\r\n")).message
    cut = _parts(f"{PLAIN}\r\n{OPENING} {MIDDLE}")[:-60]
    assert "cut short" in _fault(cut).message
    head = "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n"
    assert "broken base64" in _fault(_mail("VGhlIHRhbGtz*!IHdlbnQgb24", head)).message
    assert "without text of its own" in _fault(_mail(f"> {OPENING}\n")).message
