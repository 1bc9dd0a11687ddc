"""What is printed: aligned in any script, and the news that somebody at the terminal wants."""

from email.message import EmailMessage
from pathlib import Path

import environ

from alliance.embedded.demo import environment
from alliance.embedded.screen import box, table
from alliance.embedded.state import State
from alliance.embedded.watch import ErrorsInLog, Mails

LOG = """\
2026-11-24 01:05:44,450 INFO celery.worker: Connected to redis
2026-11-24 01:05:45,100 ERROR django.request: Internal Server Error: /affiliate/
Traceback (most recent call last):
  File "views.py", line 3, in home
ZeroDivisionError: division by zero
2026-11-24 01:05:46,000 WARNING django.request: Not Found: /nowhere
"""


def test_chinese_counts_as_two_columns():
    lines = box(["淘客联盟", "Alliance"]).splitlines()

    assert lines[1] == "│  淘客联盟  │"
    assert lines[2] == "│  Alliance  │"


def test_columns_of_a_table_are_aligned():
    assert table([["商家", "a"], ["ops", "b"]]) == ["商家   a", "ops    b"]
    assert table([]) == []


def test_error_is_shown_with_its_traceback_and_nothing_else(tmp_path):
    log = tmp_path / "web.log"
    log.write_text("2026-11-24 01:00:00,000 ERROR before: it was there when we came\n")
    watched = ErrorsInLog("web", log)

    with log.open("a") as out:
        out.write(LOG)

    assert list(watched.news()) == [
        "  web | 2026-11-24 01:05:45,100 ERROR django.request: Internal Server Error: /affiliate/",
        "  web | Traceback (most recent call last):",
        '  web |   File "views.py", line 3, in home',
        "  web | ZeroDivisionError: division by zero",
    ]
    assert list(watched.news()) == []


def test_line_that_is_still_being_written_waits(tmp_path):
    log = tmp_path / "web.log"
    log.touch()
    watched = ErrorsInLog("web", log)
    log.write_text("2026-11-24 01:05:45,100 ERROR django")
    assert list(watched.news()) == []

    log.write_text("2026-11-24 01:05:45,100 ERROR django: whole\n")
    assert list(watched.news()) == ["  web | 2026-11-24 01:05:45,100 ERROR django: whole"]


def test_mail_is_shown_with_its_link_once(tmp_path):
    watched = Mails(tmp_path / "mail")
    mail = EmailMessage()
    mail["To"], mail["Subject"] = "li@example.com", "请确认您的邮箱"
    mail.set_content(
        "Hello,\nplease open http://localhost:8000/accounts/confirm-email/x:y/ soon.\n"
    )
    path = tmp_path / "mail" / "20261124.log"
    path.write_bytes(mail.as_bytes()[:20])
    assert list(watched.news()) == []  # a busy machine: half of it is on the disk

    path.write_bytes(mail.as_bytes() + b"\n" + b"-" * 79 + b"\n")  # as Django's backend ends it
    assert "".join(watched.news()).splitlines() == [
        "  E-mail to li@example.com: 请确认您的邮箱",
        "    http://localhost:8000/accounts/confirm-email/x:y/",
    ]
    assert list(watched.news()) == []


def test_the_demos_mails_land_where_they_are_watched_for(tmp_path):
    state = State(tmp_path / "a folder")
    state.home.mkdir()
    config = environ.Env.email_url_config(environment(state, {})["EMAIL_URL"])

    assert Path(config["EMAIL_FILE_PATH"]) == state.home / "mail"
