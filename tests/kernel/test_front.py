"""The doors in front of Django, and what strangers put into a request to make it dear."""

from io import BytesIO

import pytest
from django.db import connection

from alliance.kernel import front
from alliance.kernel.front import Answer, Ask, Front, Prepared


@pytest.fixture
def asked():
    """What is answered, and by whom, to a request with these headers."""

    def ask(path: str = "/x/code", **headers: str) -> tuple[str, bytes]:
        def django(_environ, start):
            start("200 OK", [])
            return [b"Django"]

        said: list[str] = []
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "HTTP_HOST": "localhost",
            "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), **headers,
        }  # fmt: skip
        doors = {"/x/": lambda _environ, _code, _form: Answer(200, [], b"door")}
        body = b"".join(Front(django, doors)(environ, lambda status, _headers: said.append(status)))
        return said[0], body

    return ask


def cookies(text: str) -> dict[str, str]:
    return Ask({"REQUEST_METHOD": "GET", "HTTP_COOKIE": text}, "code").cookies


def test_our_cookie_is_found_between_odd_ones():
    odd = 'a[0]={"b": 1}; ü=é; \\; =; visitor=202606.abc ; c="x;y"'
    assert cookies(odd)["visitor"] == "202606.abc"
    assert "visitor" not in cookies("")


def test_no_cookie_is_unquoted():
    """Python does it in quadratic time: a cookie of 60 kB would hold everybody up for seconds."""
    assert cookies('a="\\\\\\012"') == {"a": '"\\\\\\012"'}


def test_django_is_spared_more_cookies_than_anybody_has_and_the_doors_need_not_be(asked):
    many = "a=" + "\\" * front.LARGEST_COOKIES
    assert asked("/elsewhere/", HTTP_COOKIE=many) == ("431 Request Header Fields Too Large", b"")
    assert asked("/elsewhere/", HTTP_COOKIE=many[:-2]) == ("200 OK", b"Django")
    assert asked(HTTP_COOKIE=many) == ("200 OK", b"door")


def test_hosts_with_long_ports_are_answered_but_take_no_room(asked):
    before = set(front._hosts)
    assert asked(HTTP_HOST="localhost:" + "1" * 5000) == ("200 OK", b"door")
    assert asked(HTTP_HOST="localhost:12345") == ("200 OK", b"door")
    assert front._hosts - before <= {"localhost:12345"}


@pytest.mark.parametrize(
    "host", ["evil.example", "", "localhost,evil.example", "localhost@evil.example", "local\xff"]
)
def test_other_hosts_are_left_to_django(asked, host):
    assert asked(HTTP_HOST=host) == ("200 OK", b"Django")


@pytest.mark.parametrize("code", ["", "a/b", "a\r\nX: 1", "a\x00", "..", "é", "a b", "a;b"])
def test_what_is_no_code_is_left_to_django(asked, code):
    assert asked(f"/x/{code}") == ("200 OK", b"Django")


@pytest.mark.django_db(transaction=True)
def test_a_prepared_statement_is_planned_once_for_each_connection(django_assert_num_queries):
    doubled = Prepared("doubled", "SELECT $1::int * 2, $2::text")
    planned = "SELECT count(*) FROM pg_prepared_statements WHERE name = 'doubled'"
    for _connection in range(2):
        with django_assert_num_queries(2):
            assert doubled.row(4, "a'b%s") == (8, "a'b%s")
            assert doubled.row(5, None) == (10, None)
        with connection.cursor() as cursor:
            cursor.execute(planned)
            assert cursor.fetchone() == (1,)
        connection.close()


@pytest.mark.django_db
def test_a_prepared_statement_may_find_nothing():
    assert Prepared("nothing", "SELECT 1 WHERE $1::bool").row(False) is None
