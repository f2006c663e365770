"""Find the user's own copy of a text that is not ours to give, and join its labels."""

from dataclasses import replace
from pathlib import Path

from pipeline.corpus.annotations import join_by_span, join_by_words
from pipeline.corpus.readers import EXTENSIONS, read_document
from pipeline.corpus.sources import UserSource
from pipeline.ground.errors import DocumentError, LabelError
from pipeline.ground.files import sha256_of
from pipeline.ground.paths import text_path
from pipeline.ground.records import Annotation, Document, Example, Notice


def join_user_text(
    source: UserSource, annotations: list[Annotation], labels_dir: Path
) -> tuple[list[Example], list[Notice]]:
    """Join a user source from the best copy on the text path; notices say what was found and what is missing.

    Raises:
        LabelError: an annotation names another document than its source, or contradicts an exact copy.
    """
    for annotation in annotations:
        if annotation.doc != source.document:
            raise LabelError(
                f"{annotation.where}: document {annotation.doc!r} is not {source.document!r}, the one of its source",
                hint=f"set `doc` to {source.document!r}, or correct `document` in sources.yaml",
            )
    files, notices = _candidates(labels_dir), _absent_folders(source, labels_dir)
    exact = next((path for path in files if _hash(path) == source.sha256), None)
    if exact:
        document = replace(read_document(exact, doc_id=source.document), source=source.name, genre=source.genre)
        said = f"{source.name}: all {len(annotations)} labelled sentences found in {exact}"
        return [join_by_span(annotation, document) for annotation in annotations], [*notices, Notice(said)]
    best, passed_over = _best_copy(files, source, annotations)
    notices += passed_over
    total = len(annotations)
    if not best:
        missing = Notice(
            f"{source.name}: no copy of the text found; {total} labelled sentences left out", source.obtain
        )
        return [], [*notices, missing]
    examples, path = best
    message = f"{source.name}: {len(examples)} of {total} labelled sentences found in {path}"
    hint = "" if len(examples) == total else "the copy leaves out or changes the others; training goes on without them"
    return examples, [*notices, Notice(message, hint, {"found": len(examples), "of": total})]


def _hash(path: Path) -> str:
    """Hash a file; empty where it cannot be read, which the reader will say better."""
    try:
        return sha256_of(path)
    except OSError:
        return ""


def _absent_folders(source: UserSource, labels_dir: Path) -> list[Notice]:
    """Say which folders named in `STANCE_TEXTS` are not there."""
    return [
        Notice(f"{source.name}: {folder} is no folder, though STANCE_TEXTS names it", "correct the path")
        for folder in text_path(labels_dir)[:-1]
        if not folder.is_dir()
    ]


def _candidates(labels_dir: Path) -> list[Path]:
    """List files of known kinds on the text path, in a stable order."""
    folders = [folder for folder in text_path(labels_dir) if folder.is_dir()]
    return [
        path
        for folder in folders
        for path in sorted(folder.iterdir())
        if path.is_file() and path.suffix.lower() in EXTENSIONS and path.name != "README.md"
    ]


def _best_copy(
    files: list[Path], source: UserSource, annotations: list[Annotation]
) -> tuple[tuple[list[Example], Path] | None, list[Notice]]:
    """Read each file and keep the one in which most labelled sentences are found."""
    best: tuple[list[Example], Path] | None = None
    notices = []
    for path in files:
        try:
            document: Document = read_document(path, doc_id=source.document)
        except DocumentError as error:
            notices.append(Notice(f"{source.name}: passed over {path}: {error.message}", error.hint))
            continue
        examples = join_by_words(annotations, replace(document, source=source.name, genre=source.genre))
        if examples and (best is None or len(examples) > len(best[0])):
            best = (examples, path)
    return best, notices
