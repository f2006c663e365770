"""Replace generated blocks between markers in Markdown files."""

from pathlib import Path

from pipeline.ground.errors import ConfigError
from pipeline.ground.files import read_utf8, write_text


def block_in(text: str, name: str, where: str) -> tuple[int, int]:
    """Find the span between `<!-- name:start -->` and `<!-- name:end -->`."""
    start_mark, end_mark = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
    start, end = text.find(start_mark), text.find(end_mark)
    if start < 0 or end < start:
        raise ConfigError(f"{where}: no block {name!r}", hint=f"put {start_mark} and {end_mark} on lines of their own")
    return start + len(start_mark), end


def replace_block(path: Path, name: str, body: str) -> bool:
    """Write `body` into a file's block; tell whether that changed the file."""
    text = read_utf8(path)
    start, end = block_in(text, name, str(path))
    new = f"{text[:start]}\n{body.strip()}\n{text[end:]}"
    if new != text:
        write_text(path, new)
    return new != text
