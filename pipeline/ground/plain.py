"""Make words that others chose safe to show on a terminal."""


def plain(text: str) -> str:
    """Put a text on one line, without the signs that drive a terminal or turn the direction of writing."""
    return " ".join("".join(sign for sign in text if sign.isprintable() or sign.isspace()).split())
