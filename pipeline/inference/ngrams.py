"""Count word and character n-grams exactly as scikit-learn's vectorizers do, without scikit-learn."""

import re
from collections import Counter

WORD = re.compile(r"(?u)\b\w\w+\b")


def word_ngrams(text: str, low: int, high: int) -> Counter[str]:
    """Count runs of `low` to `high` lower-cased words of two letters or more (`analyzer="word"`)."""
    words = WORD.findall(text.lower())
    return Counter(
        " ".join(words[start : start + size]) for size in range(low, high + 1) for start in range(len(words) - size + 1)
    )


def char_ngrams(text: str, low: int, high: int) -> Counter[str]:
    """Count runs of `low` to `high` characters inside each space-padded word (`analyzer="char_wb"`).

    A word shorter than a run counts once as a whole, not once for each longer run.
    """
    counts: Counter[str] = Counter()
    for word in text.lower().split():
        padded = f" {word} "
        for size in range(low, high + 1):
            counts.update(padded[start : start + size] for start in range(max(len(padded) - size, 0) + 1))
            if size >= len(padded):
                break
    return counts
