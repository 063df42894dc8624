"""The error that `python3 dev` reports to its user."""
# Every Python 3 can read this file, so that one that is too old can still say so.


class UsageError(Exception):
    """One sentence that says what is wrong and what to do; printed on stderr, with exit code 2."""
