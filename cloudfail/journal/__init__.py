"""What was done, when and why: JSON lines for people and metrics, never a source of decisions."""

from cloudfail.journal.entry import Entry
from cloudfail.journal.reader import Reading, read, scan
from cloudfail.journal.writer import FileJournal, Journal, NullJournal

__all__ = ["Entry", "FileJournal", "Journal", "NullJournal", "Reading", "read", "scan"]
