"""What every test may use; the fixtures live in modules of their own."""

pytest_plugins = [
    "tests.fixtures.servers",
    "tests.fixtures.databases",
    "tests.fixtures.containers",
    "tests.fixtures.apps",
    "tests.fixtures.browsers",
]
