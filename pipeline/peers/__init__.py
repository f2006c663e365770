"""Programs of other people's learners: each runs alone in an environment of its own, and imports nothing of ours."""
