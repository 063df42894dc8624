"""Loads typed batches into the dataset's table, by COPY or by merging with existing rows."""
