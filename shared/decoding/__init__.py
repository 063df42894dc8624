"""From the bytes of a file to UTF-8 text with LF line ends, block by block in bounded memory.

A block is some bytes, up to some megabytes; where one ends says nothing. Errors that the source of the blocks
raises pass through untouched; what is wrong with the bytes themselves becomes `FileRefused`.
"""
