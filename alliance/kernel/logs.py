"""What strangers write stays on its line of the log."""

import logging
import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class OneLine(logging.Filter):
    """Lets everything pass. Line breaks and other control characters of a message become escapes,
    so that nobody invents a line of the log. Tracebacks stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if _CONTROL.search(said):
            record.msg = _CONTROL.sub(lambda found: ascii(found[0])[1:-1], said)
            record.args = None
        return True
