"""Let `python -m pipeline` answer as `stance` does."""

from pipeline.cli.app import main

main()
