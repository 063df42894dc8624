"""Detects a file's format from its first bytes: kind, encoding, dialect and header line."""
