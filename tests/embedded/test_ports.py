import socket

from alliance.embedded.ports import free_port, is_free, next_free


def listener(host="127.0.0.1", **options):
    server = socket.socket()
    for option in options.get("options", []):
        server.setsockopt(socket.SOL_SOCKET, option, 1)
    server.bind((host, 0))
    server.listen()
    return server, server.getsockname()[1]


def test_port_somebody_listens_on_is_not_free():
    server, port = listener()
    with server:
        assert not is_free(port)
        assert free_port(port) != port
        assert next_free(port, "127.0.0.1") > port
    assert is_free(port)


def test_port_taken_on_all_addresses_is_taken_here_too():
    server, port = listener("0.0.0.0")
    with server:
        assert not is_free(port)


def test_server_that_would_share_its_port_still_has_it():
    server, port = listener(options=[socket.SO_REUSEPORT])
    with server:
        assert not is_free(port)


def test_port_taken_on_ipv6_only_is_skipped_because_browsers_go_there_first():
    with socket.socket(socket.AF_INET6) as server:
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        server.bind(("::1", 0))
        server.listen()
        port = server.getsockname()[1]

        assert next_free(port, "127.0.0.1") > port


def test_wanted_port_that_is_free_is_taken():
    port = free_port()

    assert free_port(port) == port
