"""The benchmark: this app's load beside other ways to bring the same file into the same server."""
