"""Take neurons out of feed-forward blocks: those that the others can best make up for.

A block multiplies each token into some hundreds of neurons, applies GELU, and multiplies back. Calibration sentences
show how the neurons vary together. One after another, the neuron goes without which the block's output, after its
layer normalisation, moves least, and the second matrix is fitted by least squares, so that those left give what all
gave (structured pruning by optimal brain surgeon: Kurtic et al. 2023, NeurIPS, ZipLM). Nothing is trained.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import numpy_helper

from pipeline.ground.errors import ModelError
from pipeline.learning.graph_lookup import Lookup, kinds, open_watched, refuse_astray
from pipeline.learning.quantise_rows import quantise_columns
from pipeline.learning.quantise_static import PRODUCT, Feed

TILE = 64  # neurons are taken out by so many: a matrix unit (AMX) multiplies 64 8-bit numbers of a row at once
RIDGE = 1e-4  # of the mean variance of a neuron, so that neurons that always go together can be told apart
KINDS = ["Mul", PRODUCT, PRODUCT, "Mul", "Add", "Add", "LayerNormalization"]  # of a block's nodes, by rows


@dataclass(frozen=True, slots=True)
class Block:
    """A feed-forward block of a graph by rows: its nodes, and the names of its constants."""

    first: Any  # the product that makes the neurons
    first_bias: str
    neurons: str  # after GELU
    second: Any  # the product that takes them
    second_bias: str
    total: str  # with the residual, before layer normalisation
    output: str
    gains: str  # the weights of that normalisation

    @property
    def constants(self) -> list[str]:
        """Name what is rewritten."""
        return [*self.first.input[1:4:2], self.first_bias, *self.second.input[1:4:2], self.second_bias]


@dataclass(frozen=True, slots=True)
class Seen:
    """What calibration showed of a block: the neurons' means (n,) and covariances (n, n), float64.

    `precision` is the mean of 1 / variance of a token before layer normalisation, `spread` the variance after it,
    summed over its dimensions.
    """

    means: np.ndarray
    covariances: np.ndarray
    precision: float
    spread: float


def prune(model: Any, feeds: Iterable[Feed], share: float, largest: int) -> tuple[int, int]:
    """Take neurons out of a graph by rows, in place; give how many went and how many are left in the blocks found.

    `share` is how much of the variance of a block's output may be lost with them, those left being refitted; `largest`
    is the largest integer of a weight. `feeds` are inputs of the graph, with their `attention_mask`.

    Raises:
        ModelError: the graph has no such block, `feeds` is empty, or a number is not finite on them.
    """
    blocks = find_blocks(model.graph)
    if not blocks:
        raise ModelError(
            "nothing can be pruned: the graph has no feed-forward block in 8-bit integers with GELU, constants of its"
            " own, and a layer normalisation behind its residual",
            hint="leave `prune` out of the recipe's `quantise`",
        )
    tensors = {tensor.name: tensor for tensor in model.graph.initializer}
    count, left = 0, 0
    for block, seen in zip(blocks, _observe(model, blocks, feeds), strict=True):
        arrays = [numpy_helper.to_array(tensors[name]) for name in block.constants]
        gains = numpy_helper.to_array(tensors[block.gains])
        gone = _gone(seen, arrays[3].astype(float) * arrays[4] * gains, share)
        count, left = count + len(gone), left + len(seen.means) - len(gone)
        for name, array in zip(block.constants, _refitted(arrays, seen, gone, largest), strict=True):
            tensors[name].CopyFrom(numpy_helper.from_array(np.ascontiguousarray(array), name))
    return count, left


def find_blocks(graph: Any) -> list[Block]:
    """Find the blocks whose both products are in 8-bit integers by rows, and whose constants are their own."""
    lookup = Lookup(graph)
    found = (_block(node, lookup) for node in graph.node if node.op_type == "Gelu")
    return [block for block in found if block and all(map(lookup.only_reader, block.constants))]


def _block(gelu: Any, lookup: Lookup) -> Block | None:
    """Give the block around a GELU; None where what stands there is another thing."""
    before, first_bias = lookup.before_bias(lookup.maker(gelu.input[0]))
    first = lookup.maker(before.input[0]) if before is not None else None
    second = lookup.only_reader(f"{gelu.output[0]}_integers")
    stepped = lookup.after(second)
    added = lookup.after(stepped)
    _, second_bias = lookup.before_bias(added)
    summed = lookup.after(added)
    normal = lookup.after(summed)
    if kinds(before, first, second, stepped, added, summed, normal) != KINDS or not second_bias:
        return None
    way = (lookup.after(first), lookup.after(before), lookup.after(lookup.maker(gelu.input[0])))
    readers = [node.op_type for node in lookup.readers[gelu.output[0]]]
    if kinds(*way) != ["Mul", "Add", "Gelu"] or sorted(readers) != ["Abs", "Div"]:
        return None  # the neurons are looked at by something that counts on all of them
    names = summed.output[0], normal.output[0], normal.input[1]
    return Block(first, first_bias, gelu.output[0], second, second_bias, *names)


def _observe(model: Any, blocks: list[Block], feeds: Iterable[Feed]) -> Iterator[Seen]:
    """Run calibration sentences through the graph, pads left out; then yield what was seen of each block."""
    names = [name for block in blocks for name in (block.neurons, block.total, block.output)]
    session = open_watched(model, names)
    sums: list[list[Any]] = [[0.0] * 5 for _ in blocks]
    tokens = 0
    for feed in feeds:
        mask = feed["attention_mask"].astype(bool)
        values = [value[mask].astype(float) for value in session.run(names, dict(feed))]
        for name, value in zip(names, values, strict=True):
            refuse_astray(name, value)
        tokens += int(mask.sum())
        for place, found in enumerate(sums):
            neurons, total, output = values[3 * place : 3 * place + 3]
            news = (neurons.sum(0), neurons.T @ neurons, (1 / total.var(1)).sum(), output.sum(0), (output**2).sum(0))
            found[:] = [old + new for old, new in zip(found, news, strict=True)]
    if not tokens:
        raise ModelError(
            "pruning observes calibration sentences, and there are none",
            hint="label training documents, or leave `prune` out of the recipe's `quantise`",
        )
    while sums:  # one after another: covariances are large
        yield _seen(sums.pop(0), tokens)


def _seen(sums: list[Any], tokens: int) -> Seen:
    total, products, precision, output, squares = (one / tokens for one in sums)
    return Seen(total, products - np.outer(total, total), float(precision), float((squares - output**2).sum()))


def _gone(seen: Seen, weights: np.ndarray, share: float) -> np.ndarray:
    """Give the places of the neurons to take out: none, or so many that a multiple of a tile is left.

    `weights` are those of the second matrix in float, times the gains of the normalisation, shape (neurons, width).
    The neuron goes first whose loss is least when all others make up for it (Hassibi and Stork 1993, NIPS: optimal
    brain surgeon), and so on while the sum of the losses stays within `share`.
    """
    count, weights = len(weights), weights.copy()
    inverse = np.linalg.inv(seen.covariances + _ridge(seen.covariances))
    gone: list[int] = []
    lost = 0.0
    while count - len(gone) > TILE:
        losses = (weights**2).sum(1) / np.diag(inverse) * seen.precision / seen.spread
        losses[gone] = np.inf
        place = int(np.argmin(losses))
        lost += losses[place]
        if not lost <= share:
            break
        gone.append(place)
        part = inverse[:, place] / inverse[place, place]
        weights -= np.outer(part, weights[place])
        inverse -= np.outer(part, inverse[place])
        inverse[place, place] = 1  # of no use any more; 0 could not be divided by
    return np.array(gone[: max(0, len(gone) - (len(gone) - count) % TILE)], dtype=int)


def _ridge(covariances: np.ndarray) -> np.ndarray:
    return np.diag(np.full(len(covariances), RIDGE * np.trace(covariances) / len(covariances)))


def _fit(seen: Seen, kept: np.ndarray, gone: np.ndarray) -> np.ndarray:
    """Give what of each neuron kept makes up for each one gone, by least squares, shape (kept, gone)."""
    own = seen.covariances[np.ix_(kept, kept)]
    return np.asarray(np.linalg.solve(own + _ridge(own), seen.covariances[np.ix_(kept, gone)]))


def _refitted(arrays: list[np.ndarray], seen: Seen, gone: np.ndarray, largest: int) -> list[np.ndarray]:
    """Give a block's constants without the neurons that are gone: what they gave comes from the others, and a bias."""
    if not len(gone):
        return arrays
    integers, step, bias, back, back_step, back_bias = arrays
    kept = np.setdiff1d(np.arange(len(seen.means)), gone)
    fit = _fit(seen, kept, gone)
    floats = back.astype(float) * back_step
    refitted = (floats[kept] + fit @ floats[gone]).astype(np.float32)
    rest = (seen.means[gone] - seen.means[kept] @ fit) @ floats[gone]
    return [
        integers[:, kept],
        step[kept],
        bias[kept],
        *quantise_columns(refitted, largest),
        np.float32(back_bias + rest),
    ]
