"""Storage: what uploads are called, and reading and writing them."""
