"""Free TCP ports."""

import errno
import socket


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as exc:
        if exc.errno in {errno.EADDRINUSE, errno.EACCES}:
            return False
        if exc.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and host == "::1":
            return True  # no IPv6 here, so nobody listens there either
        raise
    return True


def free_port(wanted: int = 0) -> int:
    """`wanted` if nobody has it, else one that the system picks."""
    if wanted and is_free(wanted):
        return wanted
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def next_free(wanted: int, host: str) -> int:
    """The first free port from `wanted` upwards.

    For the local machine both its addresses must be free: browsers try ::1 first for `localhost`.
    """
    hosts = [host, "::1"] if host == "127.0.0.1" else [host]
    for port in range(wanted, min(wanted + 100, 65536)):
        if all(is_free(port, each) for each in hosts):
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 99}")
