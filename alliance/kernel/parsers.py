"""How the REST door reads bodies."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class PlainJSONParser(JSONParser):
    """JSON that can be answered and kept: not nested beyond measure, and Unicode all through."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()  # a lone half of a pair fails here
        except (RecursionError, UnicodeEncodeError) as exc:
            raise ParseError(_("This JSON cannot be read.")) from exc
        return data
