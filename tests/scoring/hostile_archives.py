"""Build zip archives, Word files and e-mails that no honest program writes."""

import io
import struct
import zipfile
from collections.abc import Iterable

PROSE = b"The envoys met at noon. They agreed on little, but they agreed to meet again."
_TYPES = b"""<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Default Extension="bin" ContentType="application/octet-stream"/>
<Override PartName="/word/document.xml" ContentType="%s"/></Types>"""
_PLAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_MACRO = b"application/vnd.ms-word.document.macroEnabled.main+xml"
_OFFICE = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = (
    b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="%s/officeDocument" Target="word/document.xml"/></Relationships>' % _OFFICE
)
_WORD = b'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
LAUGHS = b"".join(
    b'<!ENTITY l%d "%s">' % (number, b"&l%d;" % (number - 1) * 10 if number else b"ha") for number in range(12)
)


def packed(members: Iterable[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return buffer.getvalue()


def flat_bomb(size: int = 50_000_000, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return packed([("bomb.txt", bytes(size)), ("beside.txt", PROSE)], method)


def nested(depth: int, innermost: bytes, copies: int = 1) -> bytes:
    for _ in range(depth):
        innermost = packed((f"{number}.zip", innermost) for number in range(copies))
    return innermost


def overlapping(count: int = 2000) -> bytes:
    """Give one kernel of bytes to many members, as in D. Fifield, A better zip bomb (WOOT 2019)."""
    raw = packed([(f"{number:04}.txt", bytes(500_000) if number == 0 else b"") for number in range(count)])
    start = raw.index(b"PK\x01\x02")
    first, out = raw[start : start + 46], bytearray(raw)
    place = start
    for _ in range(count):
        out[place + 16 : place + 28] = first[16:28]  # checksum and sizes
        out[place + 42 : place + 46] = struct.pack("<L", 0)  # where the member lies
        place = raw.find(b"PK\x01\x02", place + 46)
    return bytes(out)


def lying_size() -> bytes:
    return flat_bomb(1_000_000).replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))


def encrypted() -> bytes:
    raw = bytearray(packed([("a.txt", PROSE)]))
    raw[6] |= 1
    raw[raw.index(b"PK\x01\x02") + 8] |= 1
    return bytes(raw)


def bad_checksum() -> bytes:
    return packed([("a.txt", PROSE), ("b.txt", PROSE)], zipfile.ZIP_STORED).replace(b"envoys", b"convoy", 1)


def link_member() -> bytes:
    buffer, info = io.BytesIO(), zipfile.ZipInfo("link.txt")
    info.create_system, info.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def twice_the_same_name() -> bytes:
    return packed([("a.txt", PROSE), ("b.txt", PROSE[::-1])]).replace(b"b.txt", b"a.txt")


def word(body: bytes, *, doctype: bytes = b"", kind: bytes = _PLAIN, more: Iterable[tuple[str, bytes]] = ()) -> bytes:
    text = b'<?xml version="1.0"?>%s<w:document %s><w:body>%s</w:body></w:document>' % (doctype, _WORD, body)
    parts = [("[Content_Types].xml", _TYPES % kind), ("_rels/.rels", _RELATIONS), ("word/document.xml", text)]
    return packed([*parts, *more])


def paragraph(text: bytes) -> bytes:
    return b"<w:p><w:r><w:t>%s</w:t></w:r></w:p>" % text


def word_entity_bomb() -> bytes:
    return word(paragraph(b"&l11;"), doctype=b"<!DOCTYPE d [" + LAUGHS + b"]>")


def word_outside_entity() -> bytes:
    return word(paragraph(b"&x;"), doctype=b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>')


def word_macros() -> bytes:
    return word(paragraph(PROSE), kind=_MACRO, more=[("word/vbaProject.bin", b"\xd0\xcf\x11\xe0" + bytes(512))])


def word_without_its_text() -> bytes:
    return packed([("[Content_Types].xml", _TYPES % _PLAIN), ("_rels/.rels", _RELATIONS)])


def word_bomb(size: int = 100_000_000) -> bytes:
    return word(paragraph(b" " * size))


def word_depth(levels: int = 50_000) -> bytes:
    return word(b"<w:tbl><w:tr><w:tc>" * levels + paragraph(PROSE) + b"</w:tc></w:tr></w:tbl>" * levels)


def mail(body: bytes, headers: bytes = b"") -> bytes:
    return b"From: a@example.org\nSubject: Talks\nMIME-Version: 1.0\n" + headers + b"\n" + body


def mail_nested(levels: int = 200) -> bytes:
    opened = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (one, one) for one in range(levels))
    closed = b"".join(b"\n--b%d--\n" % one for one in reversed(range(levels)))
    return b"From: a@example.org\nMIME-Version: 1.0\n" + opened + b"Content-Type: text/plain\n\n" + PROSE + closed


def mail_in_mail(levels: int = 200) -> bytes:
    return b"From: a@example.org\nContent-Type: message/rfc822\n\n" * levels + mail(PROSE)
