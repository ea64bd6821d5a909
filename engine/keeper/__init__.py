"""The user's-side process, one per live run, that outlives the screen.

It opens attempts, starts their runners, passes on what people ask, recovers a crash by the profile's policy, checks
what the profile expects and closes the run. What to do next is a pure function (`policy`) of what the journal says, so
a keeper that was killed is replaced by one that reads on. It never touches a trainer: that is the runner's.
"""

from __future__ import annotations
