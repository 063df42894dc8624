"""Tests of the console in Chromium, a package so that its modules share one app."""
