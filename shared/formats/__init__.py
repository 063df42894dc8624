"""The format of a file, options that override its detection, compressions and NULL spellings."""
