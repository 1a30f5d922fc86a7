"""`script/bench`: print the numbers, with a verdict on each target; exit 1 when one is missed."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    # In place of this folder, whose packages have the names of clouds.
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    from bench.app import main

    sys.exit(main())
