"""The ledger: the table of ingestions, which is the truth about what was loaded."""
