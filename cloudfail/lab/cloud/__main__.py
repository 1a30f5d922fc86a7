"""`python -m cloudfail.lab.cloud aws`."""

import sys

from cloudfail.lab.cloud.main import serve

sys.exit(serve(sys.argv[1:]))
