"""The ledger: the table of ingestions, the source of truth for what was loaded."""
