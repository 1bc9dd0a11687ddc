"""The image and the compose file: what they promise, and that their commands work."""

import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.db import connection

from alliance.embedded.ports import free_port

PROJECT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
DEMANDED = (
    "SECRET_KEY",
    "STATEMENT_KEY",
    "ALLOWED_HOSTS",
    "PUBLIC_URL",
    "EMAIL_URL",
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
)


def kept() -> set[str]:
    """What .dockerignore lets into the build."""
    lines = (PROJECT / ".dockerignore").read_text().splitlines()
    return {line[1:] for line in lines if line.startswith("!")}


def test_all_parts_are_there():
    assert SERVICES.keys() == {
        "web", "worker", "fetcher", "beat", "migrate", "postgres", "valkey",
    }  # fmt: skip


def test_each_queue_has_a_worker_of_its_own():
    commands = [SERVICES[name]["command"] for name in ("worker", "fetcher")]
    taken = [command[command.index("--queues") + 1] for command in commands]
    assert sorted(taken) == sorted(queue.name for queue in settings.CELERY_TASK_QUEUES)


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_runs_as_root_or_writes_into_its_image(name):
    service = SERVICES[name]

    assert str(service["user"]) not in {"", "0", "root", "0:0"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - {"web", "migrate"}))
def test_each_service_says_whether_it_is_well(name):
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}


def test_web_is_asked_whether_it_is_ready_by_the_image():
    assert "HEALTHCHECK" in DOCKERFILE
    assert "/health/ready" in DOCKERFILE


@pytest.mark.parametrize("name", ["web", "worker", "fetcher", "beat"])
def test_code_starts_on_servers_that_are_well_and_tables_that_are_current(name):
    assert SERVICES[name]["depends_on"] == {
        "postgres": {"condition": "service_healthy"},
        "valkey": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


def test_only_the_web_server_is_reachable_and_only_from_this_machine():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"web": ["${BIND:-127.0.0.1:8000}:8000"]}
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert SERVICES["postgres"]["networks"] == SERVICES["valkey"]["networks"] == ["inside"]


@pytest.mark.parametrize("name", DEMANDED)
def test_a_missing_variable_stops_it_with_a_sentence(name):
    text = (PROJECT / "docker-compose.yml").read_text()
    uses = re.findall(rf"\$\{{{name}([^}}]*)\}}", text)

    assert uses
    assert all(use.startswith(":?") and len(use) > 10 for use in uses)


def test_data_lives_in_named_volumes():
    for name, service in SERVICES.items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in COMPOSE["volumes"], name


def test_image_ends_as_an_unprivileged_number():
    """A number, because Kubernetes cannot see that a name is not root."""
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)

    assert users[-1] == "10001:10001"
    assert DOCKERFILE.rindex("USER 10001:10001") < DOCKERFILE.rindex("CMD [")
    assert SERVICES["web"]["user"] == "10001:10001"


def test_image_installs_checked_packages_only():
    assert "--require-hashes -r requirements-production.lock" in DOCKERFILE


def test_build_gets_the_code_and_nothing_else():
    """A file that is not named in .dockerignore stays out; secrets and data never are."""
    assert (PROJECT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert {"alliance", "templates", "static", "locale", "manage.py"} <= kept()
    assert not kept() & {".env", ".state", ".git", ".venv", "tests"}


class Image:
    """The commands of the image, run here with the image's environment and the test's servers."""

    def __init__(self, folder: Path, production: dict[str, str]) -> None:
        block = re.findall(r"^ENV ((?:.*\\\n)*.*)", DOCKERFILE, re.MULTILINE)[-1]
        image = dict(re.findall(r"([A-Z_]+)=([^\s\\]+)", block))
        image.pop("PATH")
        self.env = {**os.environ, **image, **production}
        self.env |= {"HOST": "", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.env |= {"MEDIA_ROOT": str(folder), "CELERY_BEAT_SCHEDULE": str(folder / "schedule")}
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *argv: str, **env: str) -> Path:
        """Start a command; return its log."""
        log = self.folder / f"{Path(argv[0]).name}-{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                argv, cwd=PROJECT, env=self.env | env, stdout=out, stderr=subprocess.STDOUT
            )
        self.started.append(process)
        return log

    def finish(self, *argv: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=PROJECT,
            env=self.env | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )

    def stop(self) -> None:
        for process in self.started:
            process.terminate()
        for process in self.started:
            process.wait(timeout=60)


@pytest.fixture
def image(tmp_path, production, transactional_db):
    settings = connection.settings_dict
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    found = Image(tmp_path, {**production, "DATABASE_URL": f"{server}/{settings['NAME']}"})
    yield found
    found.stop()


def until(happened, image: Image, log: Path, within: float = 90) -> None:
    """Wait for it as long as all that was started runs; else show the log."""
    deadline = time.monotonic() + within
    while not happened():
        assert all(process.poll() is None for process in image.started), log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.mark.worker
def test_web_server_of_the_image_serves_and_its_health_check_agrees(image):
    port = str(free_port())
    command = yaml.safe_load(re.findall(r"^CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    probe = yaml.safe_load(re.findall(r"^ +CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[-1])
    probe = [part.replace(":8000", f":{port}") for part in probe]
    assert image.finish(*probe).returncode != 0

    log = image.start(*command, GRANIAN_PORT=port, GRANIAN_HOST="127.0.0.1")
    until(lambda: image.finish(*probe).returncode == 0, image, log)

    assert "[WARNING]" not in log.read_text()
    page = urllib.request.Request(
        f"http://127.0.0.1:{port}/",
        headers={"Host": "alliance.example.com", "X-Forwarded-Proto": "https"},
    )
    opener = urllib.request.build_opener(NoRedirect)
    with pytest.raises(urllib.error.HTTPError) as caught:
        opener.open(page)
    assert caught.value.code == 301
    assert caught.value.headers["Location"] == "https://alliance.example.com/"


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


@pytest.mark.worker
def test_worker_and_beat_of_the_compose_file_start_and_are_well(image):
    worker = [part.replace("${WORKERS:-2}", "1") for part in SERVICES["worker"]["command"]]
    log = image.start(*worker)
    beat_log = image.start(*SERVICES["beat"]["command"])
    until(lambda: " ready." in log.read_text(), image, log)

    check = SERVICES["worker"]["healthcheck"]["test"][1].replace("$$HOSTNAME", os.uname().nodename)
    answer = image.finish("sh", "-c", check)
    assert answer.returncode == 0, answer.stdout
    assert "pong" in answer.stdout

    folder = str(image.folder)
    check = SERVICES["beat"]["healthcheck"]["test"][1].replace("/var/lib/alliance/beat", folder)
    until(lambda: list(image.folder.glob("schedule*")), image, beat_log)
    assert image.finish("sh", "-c", check).returncode == 0


def test_migration_command_of_the_compose_file_finds_nothing_to_do(image):
    done = image.finish(*SERVICES["migrate"]["command"])

    assert done.returncode == 0, done.stdout
    assert "No migrations to apply" in done.stdout


def test_build_succeeds_with_what_the_ignore_file_lets_in(tmp_path):
    """The Dockerfile's own build commands, in a copy of the build's files.

    Collecting static files with hashed names also proves that no style sheet names a missing file.
    """
    for name in kept():
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("*.mo"))
        else:
            shutil.copy(source, tmp_path)
    script = re.findall(r"^RUN (python alliance/(?:.*\\\n)*.*)", DOCKERFILE, re.MULTILINE)[0]
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-ec", script], cwd=tmp_path, env={"PATH": path}, capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr.decode()
    names = [file.name for file in (tmp_path / "staticfiles").rglob("htmx.min.*")]
    assert any(re.fullmatch(r"htmx\.min\.[0-9a-f]{12}\.js\.gz", name) for name in names), names
    sources = {path.parent.parent.name for path in tmp_path.glob("locale/*/LC_MESSAGES/*.po")}
    assert {path.parent.parent.name for path in tmp_path.glob("locale/*/*/*.mo")} == sources


def test_production_refuses_to_start_the_server_without_a_secret(image):
    del image.env["SECRET_KEY"]
    done = image.finish("python", "manage.py", "check")

    assert done.returncode != 0
    assert "SECRET_KEY must be set" in done.stdout
