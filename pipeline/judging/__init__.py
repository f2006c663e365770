"""Compare probabilities with gold labels; yield plain records."""
