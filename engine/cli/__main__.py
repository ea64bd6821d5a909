"""`python -m engine.cli` is `engine`."""

from __future__ import annotations

import sys

from engine.cli.entry import main

sys.exit(main())
