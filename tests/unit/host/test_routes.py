"""Routes: templates and precedence."""

import pytest

from dev.host.errors import LoadError
from dev.host.routes import Routes
from tests.unit.host.sample_functions import http_function


def found(routes: Routes, path: str, method: str = "GET") -> tuple[str, dict[str, str]] | None:
    match = routes.find(method, path)
    return (match[0].name, match[1]) if match else None


def routes(*templates: str, prefix: str = "api") -> Routes:
    return Routes([http_function(template, template) for template in templates], prefix)


@pytest.mark.parametrize(
    ("template", "path", "parameters"),
    [
        ("items", "/api/items", {}),
        ("items", "/API/Items/", {}),
        ("items/{id}", "/api/items/a b", {"id": "a b"}),
        ("items/{id}", "/api/items/a%2Fb", {"id": "a%2Fb"}),
        ("items/{id?}", "/api/items", {}),
        ("items/{id=7}", "/api/items", {"id": "7"}),
        ("items/{id=7}", "/api/items/8", {"id": "8"}),
        ("{*rest}", "/api/a/b/c", {"rest": "a/b/c"}),
        ("{*rest}", "/api", {}),
        ("files/{name}.{kind}", "/api/files/a.csv", {"name": "a", "kind": "csv"}),
    ],
)
def test_a_template_matches(template: str, path: str, parameters: dict[str, str]) -> None:
    assert found(routes(template), path) == (template, parameters)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("items", "/items"),
        ("items", "/api/items/1"),
        ("items", "//api/items"),
        ("items/{id}", "/api/items"),
        ("items/{id}", "/api/items/1/2"),
    ],
)
def test_a_template_does_not_match(template: str, path: str) -> None:
    assert found(routes(template), path) is None


def test_the_most_specific_route_wins_whatever_the_order() -> None:
    templates = ["{*rest}", "{a}", "{a}.csv", "items", "items/{id}", "items/new"]
    for order in (templates, templates[::-1]):
        table = routes(*order)
        assert found(table, "/api/items") == ("items", {})
        assert found(table, "/api/x.csv") == ("{a}.csv", {"a": "x"})
        assert found(table, "/api/x") == ("{a}", {"a": "x"})
        assert found(table, "/api/items/new") == ("items/new", {})
        assert found(table, "/api/items/1") == ("items/{id}", {"id": "1"})
        assert found(table, "/api/a/b/c") == ("{*rest}", {"rest": "a/b/c"})


def test_methods_choose_between_functions_of_one_route() -> None:
    table = Routes([http_function("read", "rows", ["GET"]), http_function("write", "rows", ["POST"])], "api")
    assert found(table, "/api/rows", "POST") == ("write", {})
    assert found(table, "/api/rows", "GET") == ("read", {})
    assert found(table, "/api/rows", "DELETE") is None
    assert found(table, "/api/rows", "HEAD") is None


def test_a_function_without_a_route_answers_under_its_name_and_without_a_prefix_at_the_top() -> None:
    assert found(Routes([http_function("hello")], ""), "/hello") == ("hello", {})


@pytest.mark.parametrize(("first", "second"), [(None, None), (["GET"], None), (["GET", "POST"], ["POST"])])
def test_two_functions_of_one_route_and_method_are_refused_by_name(
    first: list[str] | None, second: list[str] | None
) -> None:
    one, other = (
        http_function("one", "rows/{id}", first),
        http_function("other", "Rows/{key}", second),
    )
    with pytest.raises(
        LoadError, match="cannot load the other function: the function one has the same route"
    ):
        Routes([one, other], "api")


@pytest.mark.parametrize("template", ["items/{id", "items/id}", "{a}/{a}"])
def test_a_malformed_template_names_its_function(template: str) -> None:
    with pytest.raises(LoadError, match="cannot load the broken function"):
        Routes([http_function("broken", template)], "api")


@pytest.mark.parametrize(
    "template", ["items/{id:int}", "items/{id:int?}", "{*rest:alpha}", r"{id:regex(^x\d+$)}"]
)
def test_a_route_with_a_constraint_is_refused_when_the_app_is_loaded(template: str) -> None:
    with pytest.raises(LoadError, match=r"cannot load the broken function: its route has the constraint '\{"):
        Routes([http_function("broken", template)], "api")
