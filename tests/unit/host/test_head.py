"""What the target and the headers of a request come to."""

import pytest

from dev.host.head import path_and_query


@pytest.mark.parametrize(
    ("path", "resolved"),
    [
        ("/a/./b", "/a/b"),
        ("/a/../b", "/b"),
        ("/a/b/..", "/a/"),
        ("/a/.", "/a/"),
        ("/../../b", "/b"),
        ("/..", "/"),
        ("/a/%2E%2e/b", "/b"),
        ("/a/.%2e/b", "/b"),
        ("/a/...", "/a/..."),
        ("/a//b/", "/a//b/"),
        ("/a.b/..c", "/a.b/..c"),
        ("*", "*"),
    ],
)
def test_dot_segments_of_a_path_are_resolved(path: str, resolved: str) -> None:
    assert path_and_query(f"{path}?a=/../b") == (resolved, "a=/../b")


@pytest.mark.parametrize("target", ["http://example.com/a/b?c=1", "/a/b?c=1#d"])
def test_a_target_loses_what_is_not_path_or_query(target: str) -> None:
    assert path_and_query(target) == ("/a/b", "c=1")
