"""Turn documents and annotations into labelled sentences, and divide them honestly."""
