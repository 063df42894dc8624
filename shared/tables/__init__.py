"""Tables: the ledger's, the datasets', and the migrations that make them."""
