"""The domain: how a CSV file becomes rows, free of Azure Functions types (`shared.http` aside)."""
