"""What a checkpoint is worth: what it writes, how that scores, and what can be made of it.

torch lives in `models` and `making`; scoring is plain. `python -m engine.evaluate` is the process that has torch,
so that nobody else needs it.
"""
