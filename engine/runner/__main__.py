"""`python -m engine.runner <run>/attempts/<n>`: the runner from its sources; a zipapp begins here too."""

from __future__ import annotations

import sys

from engine.runner.entry import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
