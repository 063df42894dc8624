"""The one way `python3 dev` says that it cannot do what was asked."""
# Read by any Python 3, so that one that is too old can still be told so.


class Complaint(Exception):
    """One sentence saying what is wrong and what to do; printed alone on stderr, exit code 2."""
