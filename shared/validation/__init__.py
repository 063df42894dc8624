"""Validation: batches of text → typed batches, and a reject for every row that the contract refuses."""
