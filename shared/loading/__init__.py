"""Loading: typed batches → the dataset's table, by COPY or in place of present rows, in one transaction."""
