"""Read the behavioural suite of a labels folder, and refuse claims that contradict the codebook or one another."""

import difflib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from pipeline.corpus.claims import KINDS, Case, Chapter, Minimum, Suite
from pipeline.corpus.normalise import collapse, normal_words
from pipeline.ground.codebook import Codebook
from pipeline.ground.config import Strict, did_you_mean, parse_config, read_yaml
from pipeline.ground.errors import ConfigError, LabelError
from pipeline.ground.files import read_utf8
from pipeline.ground.records import Example

FOLDER = "behaviour"
RULINGS = "CODEBOOK.md"
SHAPE = "labels/behaviour/ of cautious-hope is a working example"


class _Sheet(Strict):
    """A file as it is written, its cases not read yet."""

    capability: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    claim: str = Field(min_length=1)
    bar: float | None = Field(default=None, gt=0, lt=1)
    minimum: tuple[Any, ...] = ()
    invariant: tuple[Any, ...] = ()
    directional: tuple[Any, ...] = ()


def load_suite(labels_dir: Path, codebook: Codebook) -> Suite:
    """Read `behaviour/*.yaml` of a labels folder; raise one `ConfigError` that lists every fault by file and case."""
    folder = labels_dir / FOLDER
    if not folder.is_dir():
        raise ConfigError(f"{labels_dir} holds no behavioural suite: no folder {FOLDER}/ is in it", hint=SHAPE)
    faults: list[str] = [f"{path.name}: rename it to {path.stem}.yaml" for path in sorted(folder.glob("*.yml"))]
    chapters = [chapter for path in sorted(folder.glob("*.yaml")) for chapter in _read(path, faults)]
    suite = Suite(codebook, tuple(chapters))
    faults += _repeats(suite) + _label_faults(suite) + _contradictions(suite) + _ruling_faults(suite, labels_dir)
    if faults:
        raise ConfigError(_listed(str(folder), faults), hint=f"mend the cases named above; {SHAPE}")
    if not chapters:
        raise ConfigError(f"{folder} holds no .yaml file, so there is no behavioural suite", hint=SHAPE)
    return suite


def _listed(where: str, faults: Sequence[str]) -> str:
    noun = "fault" if len(faults) == 1 else "faults"
    return f"{where}: {len(faults)} {noun}\n" + "\n".join(f"  - {fault}" for fault in faults)


def _read(path: Path, faults: list[str]) -> Iterator[Chapter]:
    """Yield the chapter of a file with the cases that can be read; add what cannot to `faults`."""
    try:
        sheet = parse_config(read_yaml(path), _Sheet, path.name)
    except ConfigError as error:
        faults += _lines(error, path.name)
        return
    cases = []
    for kind, schema in KINDS.items():
        for number, value in enumerate(getattr(sheet, kind), start=1):
            named = value.get("id") if isinstance(value, dict) else None
            where = f"{path.name}, case {named!r}" if named else f"{path.name}, {kind} case number {number}"
            try:
                cases.append(parse_config(value, schema, where))
            except ConfigError as error:
                faults += _lines(error, where)
    if not any(getattr(sheet, kind) for kind in KINDS):
        faults.append(f"{path.name}: holds no case; put some under {', '.join(KINDS)}")
    yield Chapter(sheet.capability, collapse(sheet.claim), sheet.bar, path.name, tuple(cases))


def _lines(error: ConfigError, where: str) -> list[str]:
    """Take the faults out of the error of one record, each with its place."""
    _, *faults = error.message.split("\n")
    return [f"{where}: {fault.removeprefix('  - ')}" for fault in faults] or [error.message]


def _repeats(suite: Suite) -> list[str]:
    """Find capabilities and ids that come twice."""
    faults, files, ids = [], dict[str, str](), dict[str, str]()
    for chapter in suite.chapters:
        if files.setdefault(chapter.capability, chapter.file) != chapter.file:
            faults.append(f"{chapter.file}: capability {chapter.capability!r} is in {files[chapter.capability]} too")
    for chapter, case in suite.placed():
        if case.id in ids:
            faults.append(f"{chapter.where(case)}: the same id as a case of {ids[case.id]}")
        ids.setdefault(case.id, chapter.file)
    return faults


def _label_faults(suite: Suite) -> list[str]:
    """Find labels the codebook does not have, and sets that an exclusive codebook does not allow."""
    faults, book = [], suite.codebook
    for chapter, case in suite.placed():
        where = chapter.where(case)
        unknown = [name for name in case.named if name not in book.names]
        faults += [f"{where}: unknown label {name!r}; {did_you_mean(name, list(book.names))}" for name in unknown]
        if not book.exclusive or not isinstance(case, Minimum):
            continue
        if len(case.has) > 1:
            faults.append(f"{where}: has {', '.join(case.has)}, and the codebook {book.name} allows exactly one label")
        if set(book.names) <= set(case.lacks):
            faults.append(f"{where}: lacks every label, and the codebook {book.name} wants exactly one")
    return faults


def _key(text: str) -> str:
    return " ".join(normal_words(text))


def _contradictions(suite: Suite) -> list[str]:
    """Find sentences that have a label in one case and lack it in another; typography does not tell them apart."""
    said: dict[tuple[str, str], tuple[bool, str]] = {}
    faults = []
    for chapter, case in suite.placed():
        if not isinstance(case, Minimum):
            continue
        for name in case.named:
            claim = name in case.has, chapter.where(case)
            earlier, place = said.setdefault((_key(case.text), name), claim)
            if earlier != claim[0]:
                verb, other = ("has", "lacks") if claim[0] else ("lacks", "has")
                faults.append(f"{claim[1]}: {verb} {name}, and the same sentence {other} it in {place}")
    return faults


def _ruling_faults(suite: Suite, labels_dir: Path) -> list[str]:
    """Find rulings that the codebook's table does not have."""
    citing = [(chapter.where(case), case.ruling) for chapter, case in suite.placed() if case.ruling]
    rulings = read_rulings(labels_dir / RULINGS) if citing and (labels_dir / RULINGS).is_file() else ()
    faults = []
    for where, ruling in citing:
        wanted = collapse(ruling).casefold()
        if not any(known.casefold().startswith(wanted) for known in rulings):
            starts = {known.casefold()[: len(wanted)]: known for known in rulings}
            near = difflib.get_close_matches(wanted, starts, n=1, cutoff=0.6)
            advice = f"did you mean {starts[near[0]]!r}?" if near else f"see the table of rulings in {RULINGS}"
            faults.append(f"{where}: no ruling begins {ruling!r}; {advice}")
    return faults


def read_rulings(path: Path) -> tuple[str, ...]:
    """List the cases of the table of rulings in a codebook's Markdown, without its asterisks."""
    _, found, table = read_utf8(path).partition("\n| case | ruling |\n")
    rows = table.split("\n\n")[0].splitlines()[1:] if found else []
    return tuple(collapse(row.split("|")[1].replace("*", "")) for row in rows if row.startswith("|"))


def check_against(suite: Suite, examples: Iterable[Example]) -> None:
    """Raise one `LabelError` for every sentence of the suite that is labelled data too.

    A model may have been trained on it; where the labels contradict the case, one of the two is wrong.
    """
    labelled = {_key(example.text): example for example in examples}
    faults = [
        f"{chapter.where(case)}: {_clash(case, text, labelled[_key(text)])}"
        for chapter, case in suite.placed()
        for text in case.texts
        if _key(text) in labelled
    ]
    if faults:
        raise LabelError(_listed(FOLDER, faults), hint="write another sentence for the case, or mend the wrong label")


def _clash(case: Case, text: str, example: Example) -> str:
    place = f"a labelled sentence of {example.doc!r} ({example.start} to {example.end})"
    leak = f'"{text[:60]}" is {place}, and a model may have been trained on it'
    if not isinstance(case, Minimum):
        return leak
    missing = [f"has {name}" for name in case.has if name not in example.labels]
    extra = [f"lacks {name}" for name in case.lacks if name in example.labels]
    if not missing and not extra:
        return leak
    labels = ", ".join(example.labels) or "none"
    return f"the case says {', '.join(missing + extra)}, and {place} with the same words is labelled {labels}"
