"""Build PDF files that no honest program writes, most of them byte by byte."""

import io
import zlib
from collections.abc import Sequence

WORDS = b"BT /F1 12 Tf 72 700 Td (The envoys met at noon and agreed on little.) Tj ET"
FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"


def pdf(objects: Sequence[bytes], *, trailer: bytes = b"", version: bytes = b"1.7") -> bytes:
    """Join objects, numbered from 1, with a table of their places; the first is the catalogue."""
    body, places = b"%PDF-" + version + b"\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    end = b"trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, trailer, len(body))
    return body + head + table + end


def stream(content: bytes, extra: bytes = b"", length: int | None = None) -> bytes:
    declared = len(content) if length is None else length
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (declared, extra, content)


def one_page(contents: bytes, *, page: bytes = b"", resources: bytes = b"", more: Sequence[bytes] = ()) -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> %s >> %s >>" % (resources, page),
            contents,
            FONT,
            *more,
        ]
    )


def good() -> bytes:
    return one_page(stream(WORDS))


def encrypted() -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption
    from reportlab.pdfgen.canvas import Canvas

    buffer = io.BytesIO()
    canvas = Canvas(buffer, encrypt=StandardEncryption("secret", ownerPassword="owner"))
    canvas.drawString(72, 700, "Nobody may read this.")
    canvas.save()
    return buffer.getvalue()


def page_tree_loop() -> bytes:
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Parent 2 0 R /Count 2 >>"])


def ten_thousand_times_one_page() -> bytes:
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [" + b"3 0 R " * 10_000 + b"] /Count 10000 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            stream(WORDS),
            FONT,
        ]
    )


def page_tree_depth(levels: int = 3000) -> bytes:
    kids = [b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (number + 3) for number in range(levels)]
    return pdf([b"<< /Type /Catalog /Pages 2 0 R >>", *kids, b"<< /Type /Page /MediaBox [0 0 9 9] >>"])


def object_stream_bomb(size: int = 100_000_000) -> bytes:
    packed = zlib.compress(zlib.compress(b"0 0 " + b" " * size, 9), 9)
    extra = b"/Type /ObjStm /N 1000000 /First 4 /Filter [/FlateDecode /FlateDecode]"
    return one_page(stream(WORDS), more=[stream(packed, extra)])


def content_bomb(size: int = 20_000_000) -> bytes:
    many = b"BT /F1 9 Tf 9 9 Td (a) Tj ET\n"
    return one_page(stream(zlib.compress(many * (size // len(many)), 9), b"/Filter /FlateDecode"))


def form_that_draws_itself() -> bytes:
    form = stream(
        b"/X Do /X Do", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 6 0 R >> >>"
    )
    return one_page(stream(b"/X Do"), resources=b"/XObject << /X 6 0 R >>", more=[form])


def xref_loop() -> bytes:
    raw = good()
    place = raw.index(b"xref\n")
    return raw.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % place)


def lying_length() -> bytes:
    return one_page(stream(WORDS, length=999_999_999))


def deep_arrays() -> bytes:
    return one_page(stream(WORDS), page=b"/Deep " + b"[" * 50_000 + b"]" * 50_000)


def script_that_runs_on_opening() -> bytes:
    action = b"<< /Type /Action /S /JavaScript /JS (while\\(true\\){}) >>"
    return one_page(stream(WORDS), more=[action]).replace(b"/Pages 2 0 R >>", b"/Pages 2 0 R /OpenAction 6 0 R >>", 1)


def vast_page() -> bytes:
    return good().replace(b"[0 0 612 792]", b"[-9e30 -9e30 9e30 9e30]")


def picture_only() -> bytes:
    image = stream(
        b"\x7f" * 64, b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 /ColorSpace /DeviceGray"
    )
    return one_page(stream(b"612 0 0 792 0 0 cm /X Do"), resources=b"/XObject << /X 6 0 R >>", more=[image])


def vast_picture() -> bytes:
    side = b"/Width 2000000000 /Height 2000000000"
    extra = b"/Type /XObject /Subtype /Image %s /BitsPerComponent 8 /ColorSpace /DeviceGray" % side
    return one_page(stream(b"/X Do"), resources=b"/XObject << /X 6 0 R >>", more=[stream(b"\0", extra)])


def glyphs_without_letters() -> bytes:
    return one_page(stream(b"BT /F1 12 Tf 72 700 Td <0102030405060708090a0b0c0e0f101112131415161718> Tj ET"))
