"""Let long steps say how far they are, without knowing who listens."""


class Progress:
    """Hear of progress and say nothing; the cli listens with a bar or with plain lines."""

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage of `total` steps (0: unknown)."""

    def advance(self, steps: int = 1) -> None:
        """Mark steps of the current stage as done."""

    def expect(self, total: int) -> None:
        """Learn how many steps the current stage has, once that is known."""

    def rename(self, name: str) -> None:
        """Call the current stage something else: what it does by now, or how quickly."""

    def say(self, message: str) -> None:
        """Pass on one line of news."""

    def close(self) -> None:
        """Leave the terminal clean."""


class Hushed(Progress):
    """Pass stages on to another listener, and keep single lines back: for work that is done many times over."""

    def __init__(self, listener: Progress) -> None:
        self._listener = listener

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage of `total` steps (0: unknown)."""
        self._listener.stage(name, total)

    def advance(self, steps: int = 1) -> None:
        """Mark steps of the current stage as done."""
        self._listener.advance(steps)

    def expect(self, total: int) -> None:
        """Learn how many steps the current stage has."""
        self._listener.expect(total)

    def rename(self, name: str) -> None:
        """Call the current stage something else."""
        self._listener.rename(name)
