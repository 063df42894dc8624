"""The console, driven in Chromium; a package, so that its modules share one app."""
