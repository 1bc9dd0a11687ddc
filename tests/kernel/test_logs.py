"""Nobody writes a line of our log but us."""

import logging

import pytest

from alliance.kernel.logs import OneLine


@pytest.mark.parametrize("logger", ["granian.access", "affiliates.redirect"])
def test_a_line_break_in_what_is_said_begins_no_line(logger):
    import alliance.wsgi  # noqa: F401 - as the web server does

    record = logging.getLogger(logger).makeRecord(
        logger, logging.INFO, "", 0, '"GET %(path)s" %(status)d',
        ({"path": "/r/x\r\n[now] admin\x00\x1b[2J茶\u2028", "status": 404},), None,
    )  # fmt: skip
    # The web server's log has a handler of its own, ours are the root's.
    own = logging.getLogger(logger)
    for filters in [own] if logger == "granian.access" else logging.getLogger().handlers:
        filters.filter(record)
    assert record.getMessage() == '"GET /r/x\\r\\n[now] admin\\x00\\x1b[2J茶\\u2028" 404'


def test_what_is_plain_is_left_alone():
    record = logging.makeLogRecord({"msg": "order %s", "args": (7,)})
    assert OneLine().filter(record)
    assert (record.msg, record.args) == ("order %s", (7,))
