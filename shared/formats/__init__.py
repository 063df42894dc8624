"""The format of a file, and options that override what is detected."""
