"""The development tool `python3 dev`: run the app with its servers on one machine, test it, measure it."""
