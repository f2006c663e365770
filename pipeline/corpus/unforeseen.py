"""Say as an error of ours what nobody foresaw: parsers are other people's, and files are stranger than they know."""

from collections.abc import Iterator
from contextlib import contextmanager

from pipeline.ground.errors import DocumentError, StanceError

_SAID = 200  # characters of what a library says


@contextmanager
def failures_named(place: str) -> Iterator[None]:
    """Turn whatever is raised while a document is read into a `DocumentError` that says of what kind it was.

    Raises:
        DocumentError: anything was raised but an error of ours, which passes as it is.
    """
    hint = "save its text as .txt, and name that"
    try:
        yield
    except StanceError:
        raise
    except MemoryError as error:
        raise DocumentError(f"{place}: needs more memory than there is for a document", hint="split it") from error
    except RecursionError as error:
        raise DocumentError(f"{place}: nested too deeply to be read", hint=hint) from error
    except Exception as error:
        said = " ".join(str(error).split())[:_SAID]
        kind = f"{type(error).__name__}: {said}" if said else type(error).__name__
        raise DocumentError(f"{place}: its reader met something unforeseen ({kind})", hint=hint) from error
