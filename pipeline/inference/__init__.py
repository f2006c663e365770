"""Define the model folder and the scorers that run it."""
