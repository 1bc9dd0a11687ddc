"""How the REST door reads bodies."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

LARGEST = 8 * 1024 * 1024  # bytes of a body


class TooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = _("This is more than 8 MB: send fewer things at once.")


class PlainJSONParser(JSONParser):
    """JSON that can be answered and kept: not nested beyond measure, and Unicode all through."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        request = (parser_context or {}).get("request")
        if request and int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST:
            raise TooLarge
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()  # a lone half of a pair fails here
        except (RecursionError, UnicodeEncodeError) as exc:
            raise ParseError(_("This JSON cannot be read.")) from exc
        return data
