"""Load a labels folder: every annotation joined to its text, or a notice of what is absent."""

from dataclasses import dataclass
from pathlib import Path

from pipeline.corpus.annotations import join_by_span, read_annotations
from pipeline.corpus.sources import (
    PackageSource,
    UserSource,
    WrittenSource,
    load_sources,
    package_documents,
    written_documents,
)
from pipeline.ground.codebook import Codebook, load_codebook
from pipeline.ground.errors import ConfigError, LabelError
from pipeline.ground.files import hash_json
from pipeline.ground.records import Annotation, Example, Notice


@dataclass(frozen=True, slots=True)
class Corpus:
    """Labelled sentences with their codebook; `annotations` holds also those whose text is absent."""

    codebook: Codebook
    examples: tuple[Example, ...]
    annotations: dict[str, tuple[Annotation, ...]]
    pins: dict[str, str]
    notices: tuple[Notice, ...]

    @property
    def fingerprint(self) -> str:
        """Name the labelled sentences and the codebook that were used; 16 hex digits."""
        rows = sorted([e.doc, e.start, e.end, e.text, list(e.labels)] for e in self.examples)
        return hash_json({"labels": self.codebook.names, "choice": self.codebook.choice, "rows": rows})

    @property
    def documents(self) -> tuple[str, ...]:
        """Name the documents present, in file order."""
        return tuple(dict.fromkeys(example.doc for example in self.examples))


def load_corpus(labels_dir: Path) -> Corpus:
    """Read codebook, sources and annotations of a labels folder, and join them to their texts.

    Raises:
        ConfigError, LabelError: a file breaks its schema or an annotation contradicts its text.
    """
    if not labels_dir.is_dir():
        raise ConfigError(f"{labels_dir} is not a folder", hint="a labels folder holds codebook.yaml and sources.yaml")
    codebook = load_codebook(labels_dir)
    examples: list[Example] = []
    notices: list[Notice] = []
    annotations: dict[str, tuple[Annotation, ...]] = {}
    pins: dict[str, str] = {}
    for source in load_sources(labels_dir):
        read = read_annotations(labels_dir / source.annotations, codebook)
        _refuse_shared(read, annotations)
        annotations[source.name] = tuple(read)
        if source.pin:
            pins |= {annotation.doc: source.pin for annotation in read}
        joined, said = _join(source, read, labels_dir)
        examples += joined
        notices += said
    if not examples:
        raise LabelError(f"{labels_dir}: no labelled sentence has its text", hint="see the sources in sources.yaml")
    return Corpus(codebook, tuple(examples), annotations, pins, tuple(notices))


def _refuse_shared(read: list[Annotation], others: dict[str, tuple[Annotation, ...]]) -> None:
    """Raise `LabelError` where a document is annotated in an earlier source as well."""
    homes = {annotation.doc: (name, annotation.where) for name, earlier in others.items() for annotation in earlier}
    for annotation in read:
        if annotation.doc in homes:
            name, where = homes[annotation.doc]
            raise LabelError(
                f"{annotation.where}: document {annotation.doc!r} belongs to the source {name!r} as well ({where})",
                hint="a document stands in one source; rename one of the two, or move its annotations together",
            )


def _join(
    source: WrittenSource | PackageSource | UserSource, annotations: list[Annotation], labels_dir: Path
) -> tuple[list[Example], list[Notice]]:
    """Join one source by the way its text is obtained."""
    if isinstance(source, UserSource):
        from pipeline.corpus.usertexts import join_user_text

        return join_user_text(source, annotations, labels_dir)
    if isinstance(source, PackageSource):
        documents, notice = package_documents(source, annotations)
        if notice:
            return [], [notice]
    else:
        documents = written_documents(source, labels_dir)
    return [join_by_span(annotation, documents.get(annotation.doc)) for annotation in annotations], []
