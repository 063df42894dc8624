"""From the bytes of a file to UTF-8 text with LF line ends, block by block in bounded memory.

A block has up to some megabytes and may end anywhere. Errors that the source of the blocks raises pass
through unchanged; faults of the bytes themselves are raised as `FileRefused`.
"""
