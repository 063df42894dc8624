"""A local Azure Functions host for development and tests, an alternative to `func start`.

docs/explanation/local-host.md lists the rules of the real host that it follows and those that it does not.
"""
