"""Loading: typed batches → a staging table → the dataset's table, inside the caller's transaction."""
