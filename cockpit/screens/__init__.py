"""One file a screen. A screen is given a watch, draws what it saw, and leaves requests; it keeps nothing of a run."""
