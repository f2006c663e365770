"""Sort sentences by their length in words."""

LENGTHS = {10: "up to 10 words", 20: "11 to 20 words", 30: "21 to 30 words"}
LONGER = "31 words or more"
ORDER = (*LENGTHS.values(), LONGER)  # from short to long


def length_of(text: str) -> str:
    """Name the class of length a sentence belongs to, by its words."""
    words = len(text.split())
    return next((name for most, name in LENGTHS.items() if words <= most), LONGER)
