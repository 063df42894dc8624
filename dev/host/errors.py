"""Errors that prevent the host from starting.

HostError
├── SettingError   a setting or a configuration file is missing or malformed
└── LoadError      a function cannot be loaded
"""


class HostError(Exception):
    """The host cannot start; the message says what to change."""


class SettingError(HostError):
    """A setting or a configuration file is missing or malformed."""


class LoadError(HostError):
    """A function cannot be loaded."""

    def __init__(self, function: str, reason: str) -> None:
        super().__init__(f"cannot load the {function} function: {reason}")
        self.function = function
