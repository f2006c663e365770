"""Give examples to learners as a Hugging Face dataset with declared features."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.ground.codebook import Codebook
from pipeline.ground.files import hash_json
from pipeline.ground.records import Example

if TYPE_CHECKING:
    from datasets import Dataset, Features


def features_of(codebook: Codebook) -> "Features":
    """Declare the columns; `labels` is a list of class numbers in codebook order."""
    from datasets import ClassLabel, Features, List, Value

    return Features(
        {
            "doc": Value("string"),
            "source": Value("string"),
            "genre": Value("string"),
            "start": Value("int64"),
            "end": Value("int64"),
            "text": Value("string"),
            "labels": List(ClassLabel(names=list(codebook.names))),
            "unsure": Value("bool"),
        }
    )


def to_dataset(examples: Sequence[Example], codebook: Codebook) -> "Dataset":
    """Build the dataset; its fingerprint depends on features and rows alone, so it is stable across machines.

    `datasets` fingerprints a new dataset by hashing its Python state, which varies with the version.
    """
    import pyarrow as pa
    from datasets import Dataset, DatasetInfo

    number = {name: i for i, name in enumerate(codebook.names)}
    rows = [
        {
            "doc": e.doc,
            "source": e.source,
            "genre": e.genre,
            "start": e.start,
            "end": e.end,
            "text": e.text,
            "labels": [number[name] for name in e.labels],
            "unsure": e.unsure,
        }
        for e in examples
    ]
    features = features_of(codebook)
    table = pa.Table.from_pylist(rows, schema=features.arrow_schema)
    fingerprint = hash_json({"features": list(codebook.names), "rows": rows})
    return Dataset(table, info=DatasetInfo(features=features), fingerprint=fingerprint)


def texts_and_targets(dataset: "Dataset", codebook: Codebook) -> tuple[list[str], list[tuple[str, ...]]]:
    """Read texts and label sets back from a dataset."""
    names = codebook.names
    return list(dataset["text"]), [tuple(names[i] for i in row) for row in dataset["labels"]]
