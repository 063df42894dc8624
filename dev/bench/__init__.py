r"""The benchmark: times this app next to psql `\copy` and other loaders, and compares it with its goals."""
