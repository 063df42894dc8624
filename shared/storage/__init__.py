"""Blob storage: paths, contents and upload options."""
