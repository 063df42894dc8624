"""Read-only queries for the HTTP functions: rows, ingestions, datasets and rejects."""
