"""The stages before fine-tuning: like labels move together, hidden words are guessed, and nothing else changes."""

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small import Listener
from tiny import tiny_sentences
from torch import Tensor, nn

from pipeline.ground.config import parse_config
from pipeline.ground.errors import ConfigError
from pipeline.ground.progress import Progress
from pipeline.learning.batches import tokenise
from pipeline.learning.device import tensors
from pipeline.learning.encoder_settings import FolderEncoder
from pipeline.learning.encoders import load_encoder
from pipeline.learning.estimators import Labelled
from pipeline.learning.masking import Hider
from pipeline.learning.network import SentenceNetwork
from pipeline.learning.stage_settings import ContrastiveSettings, MaskedSettings
from pipeline.learning.stages import contrast, contrastive_loss, label_likeness, masked_language

SHARED = {"max_length": 32, "epochs": 8, "batch_size": 16, "learning_rate": 0.003, "weight_decay": 0.0, "warmup": 0.1}
CONTRASTIVE = SHARED | {"temperature": 0.2, "background": 0.5}
MASKED = SHARED | {"head_learning_rate": 0.003, "share": 0.15}
TEXTS = [text for _, text in tiny_sentences()]


@pytest.fixture
def fresh(encoder_folder, tmp_path):
    """Load the tiny encoder anew: tokenizer and weights."""
    return lambda: load_encoder(FolderEncoder(kind="folder", path=str(encoder_folder)), tmp_path)


def mpnet_like(bert: nn.Module) -> nn.Module:
    """Make a two-layer random MPNet with the tiny encoder's vocabulary."""
    from transformers import MPNetConfig, MPNetModel

    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=bert.config.vocab_size,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=66,
        pad_token_id=0,
    )
    return MPNetModel(config)


def contrasted(tokenizer, encoder, labelled, *, precision="float32", seed=3, progress=None, **changes) -> list[float]:
    settings = ContrastiveSettings(**CONTRASTIVE | changes)
    heard = progress or Progress()
    return contrast(encoder, tokenizer, labelled, settings, precision=precision, seed=seed, progress=heard)


def masked(tokenizer, encoder, texts=TEXTS, *, precision="float32", seed=3, progress=None, **changes) -> list[float]:
    settings = MaskedSettings(**MASKED | changes)
    heard = progress or Progress()
    return masked_language(encoder, tokenizer, texts, settings, precision=precision, seed=seed, progress=heard)


def weights(encoder: nn.Module) -> dict[str, Tensor]:
    return {name: value.clone() for name, value in encoder.state_dict().items()}


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def margin(tokenizer, encoder, labelled) -> float:
    """Give how much nearer pairs of equal label sets lie than pairs that share no label, by mean cosine."""
    ids, mask = tensors(tokenise(tokenizer, labelled.texts, 32), 0)
    with torch.no_grad():
        vectors = SentenceNetwork(encoder.eval(), 1, normalise=True).embed(ids, mask)
    cosines = (vectors @ vectors.T).numpy()
    equal = (labelled.targets[:, None] == labelled.targets[None]).all(axis=2) & ~np.eye(len(ids), dtype=bool)
    apart = (labelled.targets @ labelled.targets.T == 0) & (labelled.targets.sum(axis=1)[:, None] > 0)
    assert equal.any() and apart.any()
    return float(cosines[equal].mean() - cosines[apart].mean())


def toys(count: int, seed: int) -> Labelled:
    """Make sentences of filler words, each with a cue of its labels somewhere among them."""
    rng = np.random.default_rng(seed)
    cues = (["missiles", "strike", "force", "army"], ["treaty", "talks", "peace", "envoys"])
    fillers = ["the", "road", "lake", "paved", "march", "rain", "delayed", "ferry", "two", "hours", "her", "office"]
    targets = rng.integers(0, 2, (count, 2)).astype(np.int8)
    texts = []
    for row in targets:
        words = [*rng.choice(fillers, 4), *(rng.choice(cue) for cue, on in zip(cues, row, strict=True) if on)]
        texts.append(" ".join(rng.permutation(words)))
    return Labelled(texts, targets)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_contrast_brings_like_labels_together_on_sentences_it_never_saw(fresh, precision):
    train, held_out = toys(96, seed=1), toys(48, seed=2)
    assert set(train.texts).isdisjoint(held_out.texts)
    tokenizer, encoder = fresh()
    before = margin(tokenizer, encoder, held_out)
    losses = contrasted(tokenizer, encoder, train, precision=precision, epochs=30, learning_rate=0.003)
    assert len(losses) == 30 and losses[-1] < losses[0]
    assert margin(tokenizer, encoder, held_out) > before + 0.5
    assert all(value.dtype == torch.float32 for value in encoder.state_dict().values() if value.is_floating_point())


def test_pairs_count_by_the_jaccard_index_of_their_labels():
    targets = torch.tensor([[1, 0, 0], [1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0], [0, 0, 0]], dtype=torch.float32)
    likeness = label_likeness(targets, 0.25)
    assert torch.equal(likeness, likeness.T) and not likeness.diagonal().any()
    assert likeness[0].tolist() == [0, 1, 0.5, 0, 0, 0]
    assert likeness[3].tolist() == [0] * 6
    assert likeness[4].tolist() == [0, 0, 0, 0, 0, 0.25]
    assert not label_likeness(targets, 0.0)[4:].any()


def test_the_contrastive_loss_is_the_one_written_down():
    vectors = torch.tensor([[2.0, 0.0], [0.0, 3.0], [5.0, 5.0]])
    likeness = torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.5, 0.0, 0.0]])
    half = 0.5**0.5
    first = -0.5 * (half / 0.1 - np.log(np.exp(half / 0.1) + np.exp(0.0)))
    third = -0.5 * (half / 0.1 - np.log(2 * np.exp(half / 0.1)))
    assert contrastive_loss(vectors, likeness, 0.1).item() == pytest.approx((first + third) / 2, rel=1e-4)


def test_a_batch_without_like_sentences_is_passed_over(fresh, halves):
    train, _ = halves()
    background = train.at([i for i in range(len(train.texts)) if not train.targets[i].any()])
    assert len(background.texts) > 2
    tokenizer, encoder = fresh()
    before = weights(encoder)
    assert contrasted(tokenizer, encoder, background, background=0.0, epochs=1) == [0.0]
    assert same(weights(encoder), before)
    assert contrasted(tokenizer, encoder, background, background=0.5, epochs=1)[0] > 0
    assert not same(weights(encoder), before)


@pytest.mark.parametrize("make", [lambda bert: bert, mpnet_like], ids=["bert", "mpnet"])
def test_hidden_words_are_guessed_better_on_repeated_text(fresh, make):
    tokenizer, encoder = fresh()
    encoder = make(encoder)
    names = list(encoder.state_dict())
    listener = Listener()
    losses = masked(tokenizer, encoder, TEXTS[:6] * 20, epochs=15, progress=listener)
    assert len(losses) == 15 and losses[-1] < losses[0] - 1.0
    assert listener.said[-1] == f"masked-language epoch 15: loss {losses[-1]:.3f}"
    assert list(encoder.state_dict()) == names  # the head is gone


def test_masked_language_runs_in_bfloat16_and_keeps_float32_weights(fresh):
    tokenizer, encoder = fresh()
    losses = masked(tokenizer, encoder, TEXTS[:6] * 20, precision="bfloat16", epochs=8)
    assert losses[-1] < losses[0] - 0.5
    assert {value.dtype for value in encoder.parameters()} == {torch.float32}


def test_words_are_hidden_in_the_stated_shares_and_special_tokens_never(fresh):
    tokenizer, encoder = fresh()
    tokens, mask = tensors(tokenise(tokenizer, [*TEXTS, "zzz 北京"] * 40, 32), 0)
    words = encoder.get_input_embeddings().weight
    shown, hidden = Hider(tokenizer, len(words), 0.15, np.random.default_rng(0)).hide(tokens, mask)
    special = torch.isin(tokens, torch.tensor(tokenizer.all_special_ids))
    assert (tokens == tokenizer.unk_token_id).any() and not hidden[special].any()
    assert torch.equal(shown[~hidden], tokens[~hidden])
    assert hidden.sum() / (~special).sum() == pytest.approx(0.15, abs=0.01)
    fates = Counter(
        "mask" if now == tokenizer.mask_token_id else "same" if now == was else "other"
        for now, was in zip(shown[hidden].tolist(), tokens[hidden].tolist(), strict=True)
    )
    shares = {fate: count / hidden.sum().item() for fate, count in fates.items()}
    assert shares == pytest.approx({"mask": 0.8, "other": 0.1, "same": 0.1}, abs=0.03)
    drawn = shown[hidden & (shown != tokenizer.mask_token_id)]
    assert not torch.isin(drawn, torch.tensor(tokenizer.all_special_ids)).any()


@pytest.mark.parametrize("run", [contrasted, masked])
def test_the_seed_decides_the_weights_and_nothing_global_is_left(fresh, halves, run):
    train, _ = halves()
    data = train if run is contrasted else train.texts
    found, losses = [], []
    for seed, noise in ((5, 1), (5, 2), (6, 1)):
        torch.manual_seed(0)  # the pooler, which nothing trains, is made anew at each loading
        tokenizer, encoder = fresh()
        torch.manual_seed(noise)
        state = torch.get_rng_state()
        losses.append(run(tokenizer, encoder.eval(), data, seed=seed, epochs=2))
        assert torch.equal(torch.get_rng_state(), state) and not encoder.training
        assert all(value.requires_grad for value in encoder.parameters())
        found.append(weights(encoder))
    assert same(found[0], found[1]) and losses[0] == losses[1]
    assert not same(found[0], found[2])


@pytest.mark.parametrize("run", [contrasted, masked])
def test_frozen_word_vectors_stay_as_they_are(fresh, halves, run):
    train, _ = halves()
    tokenizer, encoder = fresh()
    encoder.get_input_embeddings().requires_grad_(requires_grad=False)
    before = weights(encoder)
    run(tokenizer, encoder, train if run is contrasted else train.texts, epochs=1)
    moved = {name for name, value in weights(encoder).items() if not torch.equal(value, before[name])}
    assert moved and "embeddings.word_embeddings.weight" not in moved


def test_without_text_masked_language_does_nothing_and_says_so(fresh):
    tokenizer, encoder = fresh()
    before, listener = weights(encoder), Listener()
    assert masked(tokenizer, encoder, [], progress=listener) == []
    assert same(weights(encoder), before) and "there is no unlabelled text" in listener.said[0]


def test_an_encoder_without_a_mask_token_is_refused(fresh):
    _, encoder = fresh()
    with pytest.raises(ConfigError, match="needs a mask token") as caught:
        masked(SimpleNamespace(mask_token_id=None), encoder)
    assert "masked" in caught.value.hint


@pytest.mark.parametrize(
    ("schema", "good", "key", "bad"),
    [
        (ContrastiveSettings, CONTRASTIVE, "temperature", 0),
        (ContrastiveSettings, CONTRASTIVE, "batch_size", 1),
        (ContrastiveSettings, CONTRASTIVE, "background", 1.5),
        (ContrastiveSettings, CONTRASTIVE, "share", 0.15),
        (MaskedSettings, MASKED, "share", 0),
        (MaskedSettings, MASKED, "share", 1),
        (MaskedSettings, MASKED, "head_learning_rate", 1),
        (MaskedSettings, MASKED, "epochs", 0),
        (MaskedSettings, MASKED, "max_length", 600),
        (MaskedSettings, MASKED, "temperature", 0.1),
    ],
)
def test_settings_out_of_range_or_out_of_place_are_refused_by_name(schema, good, key, bad):
    assert parse_config(good, schema, "recipe").model_dump() == good
    with pytest.raises(ConfigError, match=rf"recipe: 1 fault\n  - {key}: "):
        parse_config(good | {key: bad}, schema, "recipe")


@pytest.mark.parametrize(("schema", "good"), [(ContrastiveSettings, CONTRASTIVE), (MaskedSettings, MASKED)])
def test_every_setting_must_be_stated(schema, good):
    for key in good:
        with pytest.raises(ConfigError, match=f"{key}: missing"):
            parse_config({name: value for name, value in good.items() if name != key}, schema, "recipe")
