"""`run`, `test` and what stays behind them: nothing."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg2
import pytest

from tests.embedded.test_processes import gone

SCRIPT = """
import os, psycopg2, sys
connection = psycopg2.connect(os.environ["DATABASE_URL"])
connection.autocommit = True
cursor = connection.cursor()
cursor.execute(sys.argv[1])
print(cursor.fetchall() if cursor.description else "done")
"""


def sql(statement: str) -> list[str]:
    """A command that runs one statement and prints what it returns."""
    return [sys.executable, "-c", SCRIPT, statement]


def wait_for(path: Path, key: str) -> dict[str, str]:
    """What the state folder's note says once it names `key`."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if path.exists() and key in (notice := json.loads(path.read_text())):
            return notice
        time.sleep(0.05)
    raise AssertionError(f"{path} never named {key}")


def family_with(process: subprocess.Popen[str], name: str) -> list[psutil.Process]:
    """All that runs below a process once `name` is among it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with contextlib.suppress(psutil.NoSuchProcess):  # one of initdb's, gone while we looked
            family = psutil.Process(process.pid).children(recursive=True)
            if name in {child.name() for child in family}:
                return family
        time.sleep(0.05)
    raise AssertionError(f"{name} never ran")


def test_data_survives_from_one_command_to_the_next(commands):
    assert commands.finish("run", "--", *sql("CREATE TABLE kept AS SELECT 7 AS n"))[0] == 0

    code, output = commands.finish("run", "--", *sql("SELECT n FROM kept"))

    assert (code, output.strip()) == (0, "[(7,)]")


def test_exit_code_is_the_commands(commands):
    assert commands.finish("run", "--", "sh", "-c", "exit 7")[0] == 7
    assert commands.finish("run", "--", "sh", "-c", "kill -9 $$")[0] == 137


def test_fresh_servers_are_empty_and_leave_no_folder(commands):
    statement = "SELECT count(*) FROM pg_stat_user_tables"
    code, output = commands.finish("run", "--fresh", "--", *sql(statement))

    assert (code, output.strip()) == (0, "[(0,)]")
    assert not commands.state.exists() or not (commands.state / "postgres").exists()
    assert list(commands.state.parent.glob("alliance-test-*")) == []


def test_trigrams_see_chinese_whatever_the_locale(commands):
    statement = "CREATE EXTENSION pg_trgm; SELECT cardinality(show_trgm('手机壳')) > 0"
    code, output = commands.finish("run", "--fresh", "--", *sql(statement), LC_ALL="C", LANG="C")

    assert (code, output.strip()) == (0, "[(True,)]")


def test_servers_ask_for_a_password_and_the_secrets_are_ours_alone(commands):
    commands.start("run", "--", "sleep", "60")
    notice = wait_for(commands.state / "running.json", "REDIS_URL")
    open_url = re.sub(r":[^:@]+@", "@", notice["DATABASE_URL"])

    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(open_url)
    for name in ("secrets.json", "running.json", "pids.json", "valkey/valkey.conf"):
        assert (commands.state / name).stat().st_mode & 0o077 == 0


def test_second_command_uses_the_servers_of_the_first(commands):
    commands.start("run", "--", "sleep", "60")
    first = wait_for(commands.state / "running.json", "REDIS_URL")

    code, output = commands.finish("run", "--", "sh", "-c", "echo $DATABASE_URL")

    assert (code, output.strip()) == (0, first["DATABASE_URL"])


def test_your_own_servers_are_used_and_none_is_started(commands):
    urls = {"DATABASE_URL": "postgres://me@db.example/mine", "REDIS_URL": "redis://cache.example/1"}
    code, output = commands.finish("run", "--", "sh", "-c", "echo $DATABASE_URL $REDIS_URL", **urls)

    assert (code, output.strip()) == (0, " ".join(urls.values()))
    assert not (commands.state / "postgres").exists()
    assert not (commands.state / "valkey").exists()


def test_what_was_compiled_once_is_kept_for_the_next_process(commands):
    """Whatever the container says: a demo starts five processes of two thousand modules each."""
    env = {"DATABASE_URL": "postgres://db.example/mine", "REDIS_URL": "redis://cache.example/1"}
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    said = "import sys; print(sys.dont_write_bytecode)"
    code, output = commands.finish("run", "--", sys.executable, "-c", said, **env)

    assert (code, output.strip()) == (0, "False")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_signal_stops_the_command_and_the_servers(commands, number):
    process = commands.start("run", "--", "sleep", "60")
    family = family_with(process, "sleep")
    assert {"postgres", "valkey-server"} <= {child.name() for child in family}

    process.send_signal(number)
    process.wait(timeout=60)  # PostgreSQL itself may take 30 s where the disk is busy

    assert psutil.wait_procs(family, timeout=5)[1] == []


def test_killed_supervisor_leaves_nothing_running_and_nothing_lost(commands):
    create = shlex.join(sql("CREATE TABLE kept()"))
    process = commands.start("run", "--", "sh", "-c", f"{create}; sleep 60; true")
    wait_for(commands.state / "running.json", "REDIS_URL")
    family = family_with(process, "sleep")

    process.kill()
    process.wait()

    orphan = next(child for child in family if child.name() == "sleep")
    assert all(gone(child.pid) for child in family if child != orphan)
    code, output = commands.finish("run", "--", *sql("SELECT count(*) FROM kept"))
    assert (code, output.strip()) == (0, "[(0,)]")
    assert gone(orphan.pid, within=0.1)


def test_whole_family_killed_at_once_recovers_what_was_committed(commands):
    process = commands.start("run", "--", "sleep", "60")
    notice = wait_for(commands.state / "running.json", "REDIS_URL")
    with psycopg2.connect(notice["DATABASE_URL"]) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
    connection.close()
    family = [*psutil.Process(process.pid).children(recursive=True), psutil.Process(process.pid)]

    for child in family:  # as when the power goes: stale pid files stay behind
        child.kill()
    process.wait()
    assert all(gone(child.pid) for child in family)

    code, output = commands.finish("run", "--", *sql("SELECT count(*) FROM kept"))
    assert (code, output.strip()) == (0, "[(1000,)]")


def test_pid_file_with_a_strangers_pid_does_not_block_the_start(commands):
    assert commands.finish("run", "--", "true")[0] == 0
    pid_file = commands.state / "postgres" / "data" / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n")

    assert commands.finish("run", "--", "true")[0] == 0


def test_initdb_that_was_interrupted_starts_again(commands):
    half = commands.state / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")

    assert commands.finish("run", "--", "true")[0] == 0


def test_data_of_another_major_version_is_refused_with_the_way_out(commands):
    assert commands.finish("run", "--", "true")[0] == 0
    (commands.state / "postgres" / "data" / "PG_VERSION").write_text("16\n")

    code, output = commands.finish("run", "--", "true")

    assert code == 1
    assert "was made by PostgreSQL 16" in output
    assert "make reset" in output


def test_folder_of_a_killed_test_run_is_swept_by_the_next(commands):
    process = commands.start("run", "--fresh", "--", "sleep", "60")
    family = family_with(process, "sleep")
    left = list(commands.state.parent.glob("alliance-test-*"))
    process.kill()
    process.wait()
    assert all(gone(child.pid) for child in family)
    assert left[0].exists()

    commands.finish("run", "--fresh", "--", "true")

    assert not left[0].exists()


def test_pytest_runs_on_servers_of_its_own_and_its_exit_code_is_ours(commands, tmp_path):
    (tmp_path / "test_sample.py").write_text(
        "import os\n"
        "def test_environment():\n"
        "    assert os.environ['ALLIANCE_ENV'] == 'test'\n"
        "    assert '127.0.0.1' in os.environ['DATABASE_URL']\n"
        "def test_wrong():\n"
        "    assert not 'wrong'\n"
    )
    plain = ["-p", "no:django", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir=."]
    code, output = commands.finish("test", "--", *plain, str(tmp_path / "test_sample.py"))

    assert code == 1
    assert "1 failed, 1 passed" in output.splitlines()[-1]
    assert list(commands.state.parent.glob("alliance-test-*")) == []


def test_missing_chromium_is_said_and_fails_in_ci(commands):
    code, output = commands.finish("test", "--", "--version", CHROMIUM="/nowhere")
    assert code == 0
    assert "THE BROWSER TESTS ARE LEFT OUT" in output

    code, output = commands.finish("test", "--", "--version", CHROMIUM="/nowhere", CI="true")
    assert code == 1
    assert "In CI the browser tests must run" in output
