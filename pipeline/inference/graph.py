"""Run an encoder and its head in onnxruntime: batches of like length, one single-threaded run on each core.

Runs of one thread each, side by side, are quicker than one run of many threads: no matrix of a short sentence is
large enough to be worth dividing (measured by `experiments/benchmarks`).
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.decisions.decisions import sigmoid, softmax
from pipeline.ground.errors import ModelError
from pipeline.ground.machine import allowed_threads
from pipeline.inference.manifest import OnnxSpec, way_back
from pipeline.inference.session import graph_faults, open_graph

Pending = Callable[[], np.ndarray]
TOKENS = 512  # of a batch, with padding: its activations stay within a core's cache
FEWEST = 64  # tokens of a batch when there is little to do, and cores would idle
AT_ONCE = 2048  # texts tokenised together, so that a book's tokens are never all in memory


class OnnxScorer:
    """Run `model.onnx`, with what is in `packed.npy` where the spec says so, on what `tokenizer.json` makes of texts.

    A text's row is the same to the last bit whatever is scored with it, where weights are quantised by rows or with
    fixed steps; a float32 graph may differ in the seventh digit.
    """

    def __init__(self, spec: OnnxSpec, folder: Path, exclusive: bool) -> None:
        from tokenizers import Tokenizer

        self._activate: Callable[[np.ndarray], np.ndarray] = softmax if exclusive else sigmoid
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except Exception as error:  # tokenizers raises nothing narrower
            raise ModelError(f"{folder / 'tokenizer.json'} cannot be used: {error}", hint=way_back(folder)) from error
        self._tokenizer.enable_truncation(spec.max_length)
        self._tokenizer.no_padding()
        self._pad_id = spec.pad_id
        self._folder = folder
        self._threads = allowed_threads()
        self._graph = open_graph(folder, packed=spec.packed)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="onnx")

    def score(self, texts: Sequence[str]) -> np.ndarray:
        """Turn the graph's logits into probabilities."""
        return self.begin(texts)()

    def logits(self, texts: Sequence[str]) -> np.ndarray:
        """Give the graph's logits, shape (n, labels), in text order; at least one text."""
        return self._begin(texts)()

    def reach(self, text: str) -> int:
        """Count the characters that the graph reads of a text: all, unless it has too many tokens."""
        encoding = self._tokenizer.encode(text)
        return max(end for _, end in encoding.offsets) if encoding.overflowing else len(text)

    def feeds(self, texts: Sequence[str]) -> Iterator[dict[str, np.ndarray]]:
        """Yield the graph's inputs for texts, a batch of like length at a time."""
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        for batch in batch_by_tokens([len(one) for one in ids], TOKENS):
            yield pad([ids[i] for i in batch], self._pad_id)

    def begin(self, texts: Sequence[str]) -> Pending:
        """Tokenise now and run in the pool; calling the result waits for the probabilities."""
        pending = self._begin(texts)
        return lambda: self._activate(pending())

    def _begin(self, texts: Sequence[str]) -> Pending:
        parts = [self._submit(texts[first : first + AT_ONCE]) for first in range(0, len(texts), AT_ONCE)]
        return lambda: np.concatenate([part() for part in parts])

    def _submit(self, texts: Sequence[str]) -> Pending:
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        share = sum(map(len, ids)) // (2 * self._threads)
        batches = list(batch_by_tokens([len(one) for one in ids], min(TOKENS, max(FEWEST, share))))
        runs = [self._pool.submit(self._run, [ids[i] for i in batch]) for batch in batches]
        return lambda: _gather(batches, runs)

    def _run(self, batch: Sequence[Sequence[int]]) -> np.ndarray:
        """Run the graph; raise `ModelError` where it fails, as one of another tokenizer does."""
        # A matrix of one row, and a sum over 4 n + 3 tokens without a pad, take other paths through onnxruntime, whose
        # last bit differs: the one is given a twin, the other a pad.
        rows = batch if len(batch) > 1 else [*batch, *batch]
        longest = max(map(len, rows))
        try:
            logits = self._graph.run(pad(rows, self._pad_id, longest + (longest % 4 == 3)))
        except graph_faults() as error:
            said = f"{self._folder}: the graph fails on a sentence ({str(error)[:200]})"
            raise ModelError(said, hint=way_back(self._folder)) from error
        return logits[: len(batch)]


def batch_by_tokens(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield places of `lengths`, longest first, in batches whose padded size stays within `budget` tokens.

    A text longer than `budget` is a batch by itself.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda i: (-lengths[i], i)):
        if batch and (len(batch) + 1) * lengths[batch[0]] > budget:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _gather(batches: Sequence[Sequence[int]], runs: Sequence["Future[np.ndarray]"]) -> np.ndarray:
    """Put the batches' rows back into the order of the texts."""
    rows = np.concatenate([run.result() for run in runs]).astype(float)
    out = np.empty_like(rows)
    out[np.concatenate([np.asarray(batch) for batch in batches])] = rows
    return out


def pad(batch: Sequence[Sequence[int]], pad_id: int, length: int = 0) -> dict[str, np.ndarray]:
    """Pad token ids to `length`, or to the batch's longest, with `pad_id`; mask 1 for tokens; dtype int64."""
    ids = np.full((len(batch), length or max(map(len, batch))), pad_id, dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return {"input_ids": ids, "attention_mask": mask}
