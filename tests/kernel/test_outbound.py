"""Addresses from outside, tried from the wrong side: real servers, on addresses of this machine.

127.0.0.2 stands for the world (it is named in OUTBOUND_INTERNAL), 127.0.0.1 for what is inside.
"""

import io
import ipaddress
import socket
import ssl
import time
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from alliance.kernel import outbound
from alliance.kernel.outbound import NotFetched, Trouble, check, fetch, is_public
from tests.far_end import INSIDE, WORLD


@pytest.fixture(autouse=True)
def internal(settings):
    settings.OUTBOUND_INTERNAL = [f"{WORLD}/32"]


@pytest.fixture
def world(serve):
    return serve(WORLD)


@pytest.fixture
def inside(serve):
    server = serve(INSIDE)
    server.answers["/secret"] = (200, {}, b"the keys")
    return server


@pytest.fixture
def names(monkeypatch):
    """What the world's name servers say: name → what each look-up in turn is told."""
    said, real = {}, socket.getaddrinfo

    def look_up(host, port, *args, **kwargs):
        if host in said:
            host = said[host].pop(0)
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return said


def brought(url, **how):
    body = io.BytesIO()
    answer = fetch(url, body, **{"most": 1000, **how})
    return answer, body.getvalue()


def trouble(url, **how):
    with pytest.raises(NotFetched) as refused:
        brought(url, **how)
    return refused.value.trouble


# --- What may be asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.1.1",
        "169.254.169.254", "100.64.0.1", "100.100.100.200", "198.18.0.1", "192.0.0.192",
        "192.0.2.1", "203.0.113.9", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255",
        "168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
        "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "2001:db8::1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1",
        "2001:0:7f00:1::1", "64:ff9b:1:a00:0:100:808:808",
    ],
)  # fmt: skip
def test_what_is_inside(settings, text):
    settings.OUTBOUND_INTERNAL = []
    assert not is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "text", ["8.8.8.8", "223.5.5.5", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "2400:3200::1"]
)
def test_what_is_somewhere_in_the_world(settings, text):
    settings.OUTBOUND_INTERNAL = []
    assert is_public(ipaddress.ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/feed", "ftp://shop.example/", "file:///etc/passwd", "gopher://x.example",
        "https://user:pass@shop.example/", "https://shop.example:22/", "https://shop.example:6379/",
        "https://shop.example:99999/", "https://", "//shop.example/", "https://shop.example\\@x/",
        "https://sh%2fop.example/", "https://shop.example/a b", "https://[::1/", "",
    ],
)  # fmt: skip
def test_an_address_that_nobody_should_ask(settings, url):
    settings.OUTBOUND_INTERNAL = []
    assert trouble(url) == Trouble.ADDRESS


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "[fe80::1%25eth0]", "10.0.0.8", "169.254.169.254",
     "2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.1", "127.0.0.1.",
     "localhost", "LOCALHOST.", "db.localhost", "metadata.google.internal", "printer.local"],
)  # fmt: skip
def test_an_address_that_says_itself_that_it_is_inside_is_refused_unasked(
    settings, monkeypatch, host
):
    settings.OUTBOUND_INTERNAL = []
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    with pytest.raises(NotFetched, match="not one that can be asked from outside"):
        check(f"https://{host}/hook")


def test_numbers_and_names_of_the_world_stay_addresses(settings, monkeypatch):
    settings.OUTBOUND_INTERNAL = []
    monkeypatch.setattr(socket, "getaddrinfo", pytest.fail)
    for host in ("8.8.8.8", "[2606:4700::1111]", "1e100.net", "mylocalhost.com", "internal.cn"):
        assert check(f"https://{host}/")


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::1]",
     "[::ffff:127.0.0.1]", "127.0.0.1."],
)  # fmt: skip
def test_however_this_machine_is_written_nobody_connects(settings, inside, host):
    settings.OUTBOUND_INTERNAL = ["192.0.2.1/32"]  # any port may be asked
    assert trouble(inside.url("/secret", host)) in {Trouble.ADDRESS, Trouble.UNKNOWN}
    assert inside.heard == []


def test_a_name_with_one_address_inside_is_refused(names, inside, monkeypatch):
    pair = [(2, 1, 6, "", ("127.0.0.2", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: pair)
    assert trouble("http://both.example/") == Trouble.ADDRESS


def test_a_name_that_changes_between_check_and_use_leads_where_it_was_checked(names, world, inside):
    world.answers["/feed"] = (200, {}, b"the feed")
    world.server.socket.listen()
    names["turns.example"] = [WORLD, INSIDE, INSIDE]
    _answer, body = brought(f"http://turns.example:{world.port}/feed")
    assert body == b"the feed"
    assert names["turns.example"] == [INSIDE, INSIDE]  # looked up once
    assert world.heard[0][1]["Host"] == f"turns.example:{world.port}"
    assert inside.heard == []


# --- Redirects ------------------------------------------------------------------------------------


def test_a_redirect_leads_on_but_not_inside(world, inside):
    world.answers["/feed"] = (302, {"Location": "/there"}, b"")
    world.answers["/there"] = (200, {}, b"the feed")
    assert brought(world.url())[1] == b"the feed"

    for to in (
        inside.url("/secret", INSIDE),
        inside.url("/secret", "localhost"),
        f"//{INSIDE}:{inside.port}/secret",
        "file:///etc/passwd",
        "http://u:p@x.example/",
    ):
        world.answers["/feed"] = (302, {"Location": to}, b"")
        assert trouble(world.url()) in {Trouble.ADDRESS, Trouble.UNKNOWN}
    assert inside.heard == []


def test_a_redirect_to_a_name_that_leads_inside_is_refused(names, world, inside):
    names["inside.example"] = [INSIDE]
    there = f"http://inside.example:{inside.port}/secret"
    world.answers["/feed"] = (307, {"Location": there}, b"")
    assert trouble(world.url()) == Trouble.ADDRESS
    assert inside.heard == []


def test_endless_redirects_end(world):
    world.answers["/feed"] = (302, {"Location": "/feed"}, b"")
    assert trouble(world.url()) == Trouble.REDIRECTS
    assert len(world.heard) == outbound.REDIRECTS + 1


def test_the_password_goes_to_nobody_else(serve, world):
    other = serve(WORLD)
    other.answers["/there"] = (200, {}, b"the feed")
    world.answers["/feed"] = (302, {"Location": other.url("/there")}, b"")

    assert brought(world.url(), user="shop", password="päss")[1] == b"the feed"
    said = world.heard[0][1]["Authorization"].removeprefix("Basic ")
    assert b64decode(said).decode() == "shop:päss"
    assert "Authorization" not in other.heard[0][1]


# --- Answers --------------------------------------------------------------------------------------


def test_an_answer_comes_with_its_marks_and_is_not_sent_again(world):
    world.answers["/feed"] = (200, {"ETag": '"1"', "Last-Modified": "Mon"}, b"the feed")
    answer, body = brought(world.url())
    assert (answer.status, answer.headers["etag"]) == (200, '"1"')
    assert (answer.size, body) == (8, b"the feed")

    world.answers["/feed"] = (304, {}, b"")
    answer, body = brought(world.url(), headers={"If-None-Match": '"1"'})
    assert (answer.status, body) == (304, b"")
    assert world.heard[-1][1]["If-None-Match"] == '"1"'


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "sign_in"), (403, "sign_in"), (404, "missing"), (410, "missing"), (400, "refused"),
     (500, "faulty"), (503, "faulty"), (204, "refused"), (302, "refused")],
)  # fmt: skip
def test_a_no_is_told_by_its_reason(world, status, said):
    world.answers["/feed"] = (status, {}, b"")
    assert trouble(world.url()) == said


def test_what_is_too_large_is_left_off(world):
    world.answers["/feed"] = (200, {}, b"x" * 1001)
    assert trouble(world.url()) == Trouble.LARGE


def test_what_breaks_off_is_no_answer(world):
    world.answers["/feed"] = (200, {"Content-Length": "100"}, b"x" * 50)
    assert trouble(world.url()) == Trouble.BROKEN


def test_an_answer_that_trickles_in_has_an_end(world):
    def trickle(handler):
        handler.send_response(200)
        handler.end_headers()
        for _n in range(100):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    world.answers["/feed"] = trickle
    assert trouble(world.url(), seconds=0.2) == Trouble.SLOW


def test_a_server_that_never_ends_its_headers_has_an_end(world):
    def trickle(handler):
        handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Long: ")
        for _n in range(3000):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            time.sleep(0.02)

    world.answers["/feed"] = trickle
    began = time.monotonic()
    assert trouble(world.url(), seconds=0.2) == Trouble.SLOW
    assert time.monotonic() - began < 30


def test_a_redirect_to_what_is_no_address_is_refused(world):
    world.answers["/feed"] = (302, {"Location": "//["}, b"")
    assert trouble(world.url()) == Trouble.ADDRESS


def test_nobody_there(world):
    world.server.shutdown()
    world.server.server_close()
    assert trouble(world.url()) == Trouble.UNREACHABLE


def test_no_such_name(monkeypatch):
    def unknown(*args, **kwargs):
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert trouble("https://nowhere.example/") == Trouble.UNKNOWN


def test_a_certificate_must_be_the_names_own(serve, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem)
    server = serve(WORLD, tls)
    assert trouble(server.url(scheme="https")) == Trouble.UNTRUSTED
    assert server.heard == []


def test_from_https_there_is_no_way_down(monkeypatch):
    asked = []

    def ask(parts, said, into, most, deadline):
        asked.append(parts.geturl())
        return outbound.Fetched(302), "http://127.0.0.2/feed"

    monkeypatch.setattr(outbound, "_ask", ask)
    assert trouble("https://shop.example/feed") == Trouble.ADDRESS
    assert asked == ["https://shop.example/feed"]
