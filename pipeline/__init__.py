"""Classify the stance of sentences in diplomatic statements and briefings."""

__version__ = "0.1.0"
