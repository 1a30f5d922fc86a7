"""keepalived.conf as keepalived reads it: words, blocks, includes, conditions, definitions."""

from __future__ import annotations

from cloudfail.keepalived.syntax.reader import read_files, read_text
from cloudfail.keepalived.syntax.tree import Comment, Place, Statement, SyntaxFinding, Tree, Word
from cloudfail.keepalived.syntax.words import NOTIFY

__all__ = [
    "NOTIFY",
    "Comment",
    "Place",
    "Statement",
    "SyntaxFinding",
    "Tree",
    "Word",
    "read_files",
    "read_text",
]
