"""The bundled local Functions host: a stand-in for `func start`, for development and tests only."""
