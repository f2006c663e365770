"""Turn a recipe and examples into a fitted model."""
