"""Rules: what the model certainly makes of a column of text, one module for each kind of type."""
