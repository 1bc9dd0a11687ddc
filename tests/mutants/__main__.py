import argparse
import os
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import psycopg2

import tests.mutants
from alliance.embedded.processes import stop_on_signals
from alliance.embedded.servers import servers
from alliance.embedded.state import State, throw_away
from tests.mutants.bug import ROOT, Bug
from tests.mutants.bugs import BUGS
from tests.side_by_side import DATABASES_EACH

REPORT = ROOT / "docs/mutants.md"
HEALTHY = "tests/commissions/test_ledger.py"
PATIENCE = 1800  # seconds; tests that hang have seen the bug, too
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::\w+)", re.MULTILINE)
HEAD = """\
# Planted bugs

`python -m tests.mutants` plants each of these, one at a time, in a copy of the sources, and runs
the tests named for it until the first one fails. It writes this page; a bug that nothing catches is
missing here, and a test stops the build.

| Bug | Where | Caught by |
|---|---|---|
"""


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description=tests.mutants.__doc__
    )
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args(argv)
    known = {bug.name for bug in BUGS}
    if unknown := set(options.names) - known:
        parser.error(
            f"no such bug: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}"
        )
    bugs = [bug for bug in BUGS if not options.names or bug.name in options.names]
    for bug in bugs:
        bug.planted()
    stop_on_signals()
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "CELERY_BROKER_URL"):
        os.environ.pop(name, None)
    with throw_away() as state, servers(state, fast=True) as named:
        caught = hunt(bugs, state, named, options.workers)
    missed = [bug.name for bug in bugs if not caught[bug.name]]
    if missed:
        print(f"Nothing catches {', '.join(missed)}", file=sys.stderr)
        return 1
    print(f"{len(bugs)} bugs, each caught")
    return 0


def report(caught: dict[str, str]) -> None:
    """Write the page; what was not tried this time stays as it says."""
    if REPORT.exists():
        rows = [line.split(" | ") for line in REPORT.read_text().splitlines()]
        known = {row[0].removeprefix("| "): row[-1].strip("`| ") for row in rows if len(row) == 3}
        caught = {b.name: known[b.what] for b in BUGS if b.what in known} | caught
    lines = [
        f"| {bug.what} | `{bug.file}` | `{caught[bug.name]}` |\n"
        for bug in BUGS
        if caught.get(bug.name)
    ]
    REPORT.write_text(HEAD + "".join(lines))


def hunt(bugs: list[Bug], state: State, named: dict[str, str], workers: int) -> dict[str, str]:
    """By bug, the test that caught it, or nothing."""
    sites: SimpleQueue[Site] = SimpleQueue()
    for number in range(workers):
        site = Site(state.home / f"tree{number}", named, number)
        if number == 0:
            site.make_pristine()
        sites.put(site)
    caught: dict[str, str] = {}
    lock = threading.Lock()

    def work(bug: Bug) -> None:
        site = sites.get()
        try:
            test = site.try_out(bug)
        finally:
            sites.put(site)
        with lock:
            caught[bug.name] = test
            report(caught)
            print(f"{len(caught):3} {bug.name}: {test or 'NOTHING CATCHES IT'}", flush=True)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(work, bugs))
    return caught


class Site:
    """A copy of the tree, and a database that is made from a template for each bug."""

    def __init__(self, tree: Path, named: dict[str, str], number: int) -> None:
        self.tree, self.url = tree, named["DATABASE_URL"]
        files = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        for name in filter(None, files.split("\0")):
            if (ROOT / name).exists():
                (tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, tree / name)
        self.database = f"mutants{number}"
        self.environment = {
            **os.environ,
            **named,
            "DATABASE_URL": f"{self.url.rpartition('/')[0]}/{self.database}",
            "REDIS_URL": f"{named['REDIS_URL'].rpartition('/')[0]}/{DATABASES_EACH * number}",
            "ALLIANCE_ENV": "test",
            "MEDIA_ROOT": str(tree / "media"),
            "MODEL_SHRINK": "no",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self._sql(f"CREATE DATABASE {self.database}")

    def make_pristine(self) -> None:
        """The template: a test database with all its tables and nothing in them."""
        healthy = self._pytest(HEALTHY, "--create-db", "--reuse-db")
        if healthy.returncode:
            raise RuntimeError(f"the tests fail without any bug:\n{healthy.stdout}")
        self._sql(f"ALTER DATABASE test_{self.database} RENAME TO pristine")

    def try_out(self, bug: Bug) -> str:
        file = self.tree / bug.file
        healthy, planted = file.read_text(), bug.planted(self.tree)
        self._sql(f"DROP DATABASE IF EXISTS test_{self.database} WITH (FORCE)")
        self._sql(f"CREATE DATABASE test_{self.database} TEMPLATE pristine")
        file.write_text(planted)
        try:
            done = self._pytest(*bug.tests, "--create-db" if bug.in_database else "--reuse-db")
        except subprocess.TimeoutExpired:
            return f"{bug.tests[0]} (hangs)"
        finally:
            file.write_text(healthy)
        found = FAILED.search(done.stdout)
        if done.returncode and not found:
            raise RuntimeError(f"{bug.name}: no test ran:\n{done.stdout[-3000:]}")
        return found.group(1) if found else ""

    def _pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *arguments],
            cwd=self.tree,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PATIENCE,
        )

    def _sql(self, statement: str) -> None:
        connection = psycopg2.connect(self.url)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
