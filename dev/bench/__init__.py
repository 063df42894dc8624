"""The benchmark: this app beside `\\copy`, beside other loaders, and beside the goals it has set itself."""
