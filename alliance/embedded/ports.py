"""Free TCP ports."""

import errno
import socket


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            # Another server may share the port (SO_REUSEPORT): listening is what tells.
            probe.listen(1)
        except OSError as exc:
            if exc.errno in {errno.EADDRINUSE, errno.EACCES}:
                return False
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
    """The first free port from `wanted` upwards."""
    for port in range(wanted, min(wanted + 100, 65536)):
        if is_free(port, host):
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 99}")
