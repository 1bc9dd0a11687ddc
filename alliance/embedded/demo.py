"""`make demo`: the whole alliance with data in it, until Ctrl-C."""

import itertools
import json
import os
import time
from pathlib import Path
from urllib.parse import quote

from alliance.embedded import programs, servers
from alliance.embedded.ports import next_free
from alliance.embedded.processes import Family, Stopped
from alliance.embedded.screen import Step, Steps, box, say, table
from alliance.embedded.state import Busy, State
from alliance.embedded.watch import ErrorsInLog, Mails


def demo() -> int:
    """Start everything, print where it is, and watch it. The exit code: 0 if it was stopped."""
    state = State.of_project()
    try:
        with state.hold(doing="starting the demo"):
            return _Demo(state).run()
    except Busy as exc:
        return _already_there(state, exc.notice)


def environment(state: State, named: dict[str, str]) -> dict[str, str]:
    """What the demo's processes see. Whatever you set yourself wins."""
    defaults = {
        "ALLIANCE_ENV": "demo",
        "TAX_STRATEGY": "cn_labour",
        "BANK_FILE_NAME": "Taoke Alliance",
        "BANK_FILE_ACCOUNT": "6222000000000618",
        "SECRET_KEY": state.secret("django"),
        "MEDIA_ROOT": str(state.home / "media"),
        "CLICKS_DIR": str(state.home / "clicks"),
        "TAKEOUT_DIR": str(state.home / "takeouts"),
        "EMAIL_URL": f"filemail:///{quote(str(state.home / 'mail'))}",  # its reader drops one slash
        "CELERY_BEAT_SCHEDULE": str(state.home / "celery-beat"),
    }
    return {
        **defaults,
        **os.environ,
        **named,
        "ALLIANCE_STATE": str(state.home),
        "PYTHONUNBUFFERED": "1",
    }


class _Demo:
    def __init__(self, state: State) -> None:
        self.state = state
        self.steps = Steps()
        self.host = os.environ.get("HOST", "127.0.0.1")
        wanted = int(os.environ.get("PORT", "8000"))
        self.port = next_free(wanted, self.host)
        if self.port != wanted:
            say(f"Port {wanted} is taken by another program; using {self.port}.")
        self.url = os.environ.get("PUBLIC_URL", f"http://localhost:{self.port}")

    def run(self) -> int:
        try:
            with Family(self.state.record, said=lambda name: say(f"  stopping {name}")) as family:
                self.start(family)
                self.greet()
                self.watch(family)
        except Stopped:
            say("Stopped. The data is kept; the next start takes seconds.")
        return 0

    def start(self, family: Family) -> None:
        say("Taoke Alliance: starting the demo")
        named = {"PUBLIC_URL": self.url}
        starting = servers.start(family, self.state)
        for what in ("PostgreSQL", "Valkey"):
            with self.steps.step(what):
                variable, url = next(starting)
                named[variable] = url
        env = environment(self.state, named)
        with self.steps.step("database tables") as step:
            self.manage(family, step, env, "migrate", "--no-input")
        with self.steps.step("demo data") as step:
            self.manage(family, step, env, "demo_load")
        with self.steps.step("web server, Celery worker and beat") as step:
            self.start_application(family, env, step)
        self.state.announce(doing="running the demo", url=self.url, **named)

    def manage(self, family: Family, step: Step, env: dict[str, str], *command: str) -> None:
        """A management command, with its last line of output as the step's progress."""
        log = self.state.log(command[0])
        env = {"LOG_LEVEL": "WARNING"} | env
        child = family.start(command[0], [programs.PYTHON, "manage.py", *command], log=log, env=env)
        while child.process.poll() is None:
            step.progress(child.tail(1).strip())
            time.sleep(0.1)
        if child.process.returncode:
            child.check()
        family.children.remove(child)

    def start_application(self, family: Family, env: dict[str, str], step: Step) -> None:
        started = {
            name: family.start(name, argv, log=self.state.log(name), env=env)
            for name, argv in (
                ("web", programs.web(self.host, self.port)),
                ("worker", programs.worker()),
                ("beat", programs.beat()),
            )
        }
        while not (
            programs.answers(self.host, self.port) and " ready." in started["worker"].tail(50)
        ):
            family.check()
            step.progress("")
            time.sleep(0.1)
        for child in started.values():
            child.supervised = True

    def greet(self) -> None:
        places = [
            ["Pages", f"{self.url}/"],
            ["Operations desk", f"{self.url}/admin/"],
            ["API", f"{self.url}/api/docs/"],
            ["Logs", _short(self.state.logs)],
        ]
        if "EMAIL_URL" not in os.environ:
            places.append(["E-mails", "not sent; their links appear here"])
        lines = ["Taoke Alliance is running", "", *table(places), "", *_logins(self.state), ""]
        say(f"\n{box([*lines, 'Ctrl-C stops it. The data stays; `make reset` removes it.'])}\n")

    def watch(self, family: Family) -> None:
        """Until a signal stops us, or a process dies for good (`ChildDied`)."""
        watched: list[ErrorsInLog | Mails] = [Mails(self.state.home / "mail")]
        watched += [ErrorsInLog(child.name, child.log) for child in family.children]
        while True:
            for child in family.check():
                say(f"{child.name} had ended and was started again. Log: {_short(child.log)}")
            for news in itertools.chain.from_iterable(each.news() for each in watched):
                say(news)
            time.sleep(0.3)


def _logins(state: State) -> list[str]:
    """What demo_load says about whom to sign in as."""
    rows = json.loads((state.home / "demo-logins.json").read_text())
    return table([[row["role"], row["email"], row["password"], row["note"]] for row in rows])


def _already_there(state: State, notice: dict[str, str]) -> int:
    if "url" in notice:
        lines = [f"This demo is running already: {notice['url']}/", "", *_logins(state), ""]
        say(box([*lines, f"Stop it with Ctrl-C in its terminal, or: kill {notice['pid']}"]))
        return 0
    say(f"{_short(state.home)} is in use by process {notice.get('pid', '?')}: {notice['doing']}.")
    return 1


def _short(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
