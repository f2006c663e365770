"""Measure what the processor's matrix units allow, in the shapes of a MiniLM of six layers."""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline.ground.errors import StanceError
from pipeline.ground.progress import Progress
from pipeline.judging.benchmark import EncoderShape, Limit, Limits, Spread, whole_rate
from pipeline.workflows.benchmark_programs import peer, run_program
from pipeline.workflows.benchmark_spec import Benchmark
from pipeline.workflows.benchmark_texts import Texts

MINILM = EncoderShape(layers=6, hidden=384, inner=1536)
ROWS = 512  # tokens of a batch, as our scorer packs them


def run_limit(spec: Benchmark, model: Path, texts: Texts, sentences: int, progress: Progress) -> Limits:
    """Measure once a round; the cost of a sentence is that of the first `sentences`, as the model's tokenizer cuts."""
    lengths = token_lengths(model, texts.sentences[:sentences])
    products = MINILM.products(ROWS)
    job = {"threads": spec.threads, "seconds": spec.limit.seconds, "shapes": [list(shape) for shape in products]}
    found: list[dict[str, Any]] = []
    try:
        with tempfile.TemporaryDirectory(prefix="stance-limit-") as place:
            for number in range(spec.rounds):
                progress.say(f"limit, round {number + 1} of {spec.rounds}")
                found.append(run_program(peer("speed_limit"), job, [], Path(place) / "limit").result)
    except StanceError as error:
        return Limits(reason=error.message)
    kinds = tuple(_limit(kind, [one[kind] for one in found]) for kind in found[0])
    return Limits(kinds, sum(lengths) / len(lengths), MINILM.operations(lengths))


def _limit(kind: str, rounds: Sequence[dict[str, float]]) -> Limit:
    products = MINILM.products(ROWS)
    names = {shape: "x".join(map(str, shape)) for shape in products}
    whole = [whole_rate({shape: rates[name] for shape, name in names.items()}, products) for rates in rounds]
    return Limit(
        kind, {name: Spread.over([rates[name] for rates in rounds]) for name in names.values()}, Spread.over(whole)
    )


def token_lengths(model: Path, texts: Sequence[str]) -> list[int]:
    """Count the tokens of each text, cut at the model's length.

    Raises:
        StanceError: the model has no tokenizer, so it is no encoder.
    """
    from tokenizers import Tokenizer

    from pipeline.inference.manifest import OnnxSpec, read_manifest

    spec = read_manifest(model).scorer
    if not isinstance(spec, OnnxSpec):
        raise StanceError(
            f"{model} is no encoder, and has no matrices to compare", hint="take `limit` out of `sections`"
        )
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.enable_truncation(spec.max_length)
    tokenizer.no_padding()
    return [len(one.ids) for one in tokenizer.encode_batch(list(texts))]
