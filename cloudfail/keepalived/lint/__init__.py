"""The known mistakes in keepalived.conf, found before they cost an outage.

confs_of(path)        what each node sees in a file
lint(confs, version)  every finding, in the order of the files
"""

from __future__ import annotations

from cloudfail.keepalived.lint.engine import lint
from cloudfail.keepalived.lint.finding import Finding
from cloudfail.keepalived.lint.node import NodeConf, confs_of, confs_of_text

__all__ = ["Finding", "NodeConf", "confs_of", "confs_of_text", "lint"]
