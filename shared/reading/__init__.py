"""Reading: the bytes of a blob → lines → records → batches of text columns with line numbers."""
