"""What the app does: one module per use case; handlers call these."""
