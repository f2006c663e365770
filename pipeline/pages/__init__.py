"""Write self-contained HTML: a briefing's report, and the overview of a training run."""
