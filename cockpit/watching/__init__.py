"""Where what is shown comes from: a run followed on its disk or revealed on a clock, on a thread of its own.

Screens get one frozen `Moment`, at most ten times a second, and never learn which of the two it was.
"""
