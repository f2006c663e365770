"""Turn scored documents into rows and profiles."""
