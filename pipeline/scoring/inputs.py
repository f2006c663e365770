"""Find all documents that a user named: files, folders, patterns, archives, tables, standard input."""

import errno
import glob
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.ground.errors import DocumentError
from pipeline.ground.files import is_ours
from pipeline.scoring.archives import archive_items
from pipeline.scoring.columns import TableOptions
from pipeline.scoring.items import Failure, Item, Passed, seal, spell
from pipeline.scoring.kinds import Kind, Tally, kind_of, unread_kind
from pipeline.scoring.opened import LARGEST, open_file, read_bounded, what_is, why
from pipeline.scoring.tables import Tables, table_items

STDIN = "stdin"
DIGITS = 12  # of the hash that tells one text on standard input from another
PAGES = (".html", ".htm")  # endings of reports, which lie among documents and are none unless named
_Found = Iterator[Item | Failure]


def find_items(
    named: Sequence[str],
    options: TableOptions,
    *,
    outside: Sequence[Path] = (),
    taken: set[int] | None = None,
    tables: Tables = table_items,
) -> Iterator[Item | Failure | Passed]:
    """Yield each document once, in the order named and by name within a folder, and what is wrong with the others.

    A place is the path that opens the file from the working folder, begun as the user typed it; an id is the place,
    unless a table has ids of its own. Both are the same in every run from the same folder; those of a text on standard
    input come of its hash. Hidden files and folders are left out unless named. Links are followed, and no folder or
    file is taken twice. `outside`, the output folder or file, is never read, and nothing in `taken` is, to which all
    that is found is added; `tables` reads a table. Where files of other kinds or hidden ones were passed over, one
    `Passed` comes last; so are our own reports where other things are named too.
    """
    finder = _Finder(options, outside, tables, set() if taken is None else taken)
    reports = reports_among(named)
    for name in named:
        if name in reports:
            finder.tally.pass_over(name)
        else:
            yield from finder.named(name)
    passed = finder.tally.closed()
    if passed.counts or passed.hidden:
        yield passed


def reports_among(named: Sequence[str]) -> frozenset[str]:
    """Give the pages of ours among names, which a shell puts there for `*`; none where nothing else is named."""
    ours = frozenset(name for name in named if name.lower().endswith(PAGES) and is_ours(Path(name)))
    return frozenset() if ours.issuperset(named) else ours


def is_first(path: Path, taken: set[int]) -> bool:
    """Tell whether a file is met for the first time, and remember it; what cannot be reached is never known."""
    try:
        facts = path.stat()
    except (OSError, ValueError):
        return True
    key = _key(facts.st_dev, facts.st_ino)
    first = key not in taken
    taken.add(key)
    return first


def _key(device: int, inode: int) -> int:
    return (device << 64) | inode


@dataclass(slots=True)
class _Finder:
    """One run's search; `taken` holds device and inode of each file and folder met, in one number each."""

    options: TableOptions
    outside: Sequence[Path]
    tables: Tables
    taken: set[int] = field(default_factory=set)
    tally: Tally = field(default_factory=Tally)

    def named(self, name: str) -> _Found:
        if name == "-":
            yield from self._stdin()
            return
        if not name:
            yield Failure("''", "an empty name, and a file or folder is expected", "name it, or . for this folder")
            return
        path = Path(name)
        try:
            path.lstat()
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError)
            if missing and glob.has_magic(name):
                yield from self._pattern(path)
            else:
                hint = f"see what is there: ls {shlex.quote(spell(path.parent.as_posix()))}"
                yield Failure(spell(path.as_posix()), why(error), hint)
            return
        yield from self._entry(path, outright=True)

    def _stdin(self) -> _Found:
        from pipeline.corpus.readers import parse_document

        # A text that comes through a pipe has no inode worth knowing.
        if not self._first(-1, 0):
            return
        try:
            raw = read_bounded(cast(BinaryIO, sys.stdin.buffer), STDIN, LARGEST)
            text = parse_document(Path(f"{STDIN}.txt"), raw, encoding=self.options.encoding).text
        except DocumentError as error:
            yield Failure(
                STDIN, error.message.removeprefix(f"{STDIN}.txt: "), "pipe a text into it: cat FILE | stance …"
            )
        else:
            digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
            place = f"{STDIN}-{digest[:DIGITS]}"  # the next text must not take the place of this one
            yield Item(place, f"{STDIN}.txt", id=place, text=text)

    def _pattern(self, path: Path) -> _Found:
        """Expand what the shell did not: `*`, `?`, `[a-c]`, and `**` for folders at any depth, links left aside."""
        count = next(number for number, part in enumerate(path.parts) if glob.has_magic(part))
        base, pattern = Path(*path.parts[:count]), path.parts[count:]
        hidden = any(part.startswith(".") for part in pattern)
        try:
            found = sorted(
                match
                for match in base.glob("/".join(pattern))
                if hidden or not any(part.startswith(".") for part in match.relative_to(base).parts)
            )
        except (OSError, ValueError) as error:
            yield Failure(spell(path.as_posix()), f"no pattern that can be read ({error})", "write ** between slashes")
            return
        if not found:
            yield Failure(spell(path.as_posix()), "no file or folder fits this pattern", "try it: ls PATTERN")
        for match in found:
            yield from self._entry(match, outright=False)

    def _entry(self, path: Path, *, outright: bool) -> _Found:
        """Take a file or folder that was named, or that a pattern found."""
        try:
            facts = path.stat()
        except (OSError, ValueError) as error:
            yield _unreachable(path, error)
            return
        if what_is(facts.st_mode) == "a folder":
            if outright and self._is_outside(facts):
                hint = "name what is to be scored, or another output folder"
                yield Failure(spell(path.as_posix()), "is the output folder, and is not read", hint)
                return
            yield from self._walk(path, facts)
            return
        yield from self._file(path, facts, outright=outright)

    def _walk(self, top: Path, facts: os.stat_result) -> _Found:
        """Walk a folder depth first; only the names of folders on the way down are held."""
        waiting = [self._names(top, facts)]
        while waiting:
            path = next(waiting[-1], None)
            if path is None:
                waiting.pop()
                continue
            if isinstance(path, Failure):
                yield path
                continue
            try:
                facts = path.stat()
            except (OSError, ValueError) as error:
                yield _unreachable(path, error)
                continue
            if what_is(facts.st_mode) == "a folder":
                waiting.append(self._names(path, facts))
            else:
                yield from self._file(path, facts, outright=False)

    def _names(self, folder: Path, facts: os.stat_result) -> Iterator[Path | Failure]:
        """Yield what lies in a folder, by name; nothing for one already walked and for the output folder."""
        if self._is_outside(facts) or not self._first(facts.st_dev, facts.st_ino):
            return
        try:
            with os.scandir(folder) as entries:
                names = [entry.name for entry in entries]
        except OSError as error:
            shown = spell(folder.as_posix())
            yield Failure(shown, f"{why(error)}; what lies in it is not scored", f"chmod u+rx {shlex.quote(shown)}")
            return
        names.sort()
        for name in names:
            if name.startswith("."):
                self.tally.hidden += 1
            else:
                yield folder / name

    def _file(self, path: Path, facts: os.stat_result, *, outright: bool) -> _Found:
        place = spell(path.as_posix())
        if odd := what_is(facts.st_mode):
            hint = "name - to read standard input, or copy it into a file" if outright else "leave it out"
            yield Failure(place, f"{odd}, and is not opened", hint)
            return
        kind = kind_of(path.name)
        if not outright and self._is_outside(facts):
            return
        if not self._first(facts.st_dev, facts.st_ino):
            return
        if not outright and path.suffix.lower() in PAGES and is_ours(path):
            self.tally.pass_over(path.name)
        elif kind is Kind.DOCUMENT:
            yield Item(place, spell(path.name), id=place, path=seal(path))
        elif kind is Kind.ARCHIVE:
            yield from archive_items(path, place, self.options, self.tally, self.tables)
        elif kind is Kind.TABLE:
            yield from self._table(path, place)
        elif outright:
            yield unread_kind(path, place)
        else:
            self.tally.pass_over(path.name)

    def _table(self, path: Path, place: str) -> _Found:
        try:
            stream = open_file(path)
        except DocumentError as error:
            yield Failure(place, error.message.removeprefix(f"{place}: "), error.hint)
            return
        with stream:
            yield from self.tables(cast(BinaryIO, stream), path.name, place, self.options)

    def _first(self, device: int, inode: int) -> bool:
        """Tell whether a file or folder is met for the first time, and remember it."""
        key = _key(device, inode)
        if key in self.taken:
            return False
        self.taken.add(key)
        return True

    def _is_outside(self, facts: os.stat_result) -> bool:
        """Tell the output folder or file, which may come into being during the walk."""
        for path in self.outside:
            try:
                other = path.stat()
            except OSError:
                continue
            if (other.st_dev, other.st_ino) == (facts.st_dev, facts.st_ino):
                return True
        return False


def _unreachable(path: Path, error: OSError | ValueError) -> Failure:
    place = spell(path.as_posix())
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return Failure(place, "a link that leads back to itself", "remove the link")
    if isinstance(error, FileNotFoundError):
        return Failure(place, "a link to a file that is not there", "remove the link, or bring the file back")
    return Failure(place, why(error), "see who may read it: ls -l")
