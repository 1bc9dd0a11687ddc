"""A tool that speaks the platform's protocol, as slim as can be."""

import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from alliance.kernel import clock
from commissions.models import ApiApp
from commissions.services.api_apps import api_app_secrets


def signed(secret: str, fields: dict[str, str]) -> dict[str, str]:
    """With its signature, written down here a second time and not taken from the gateway."""
    said = "".join(f"{name}{fields[name]}" for name in sorted(fields)).encode()
    key, method = secret.encode(), fields.get("sign_method", "md5")
    if method == "md5":
        digest = hashlib.md5(key + said + key).hexdigest()
    else:
        algorithm = {"hmac": "md5", "hmac-sha256": "sha256"}[method]
        digest = hmac.new(key, said, algorithm).hexdigest()
    return {**fields, "sign": digest.upper()}


@dataclass
class Speaker:
    app: ApiApp
    session: str = ""
    client: Client = field(default_factory=Client)

    def fields(self, method: str, **args: Any) -> dict[str, str]:
        """A whole call, not signed yet. An argument may overrule what the protocol wants; None
        leaves it out."""
        now = clock.now().astimezone(clock.ZONE).strftime("%Y-%m-%d %H:%M:%S")
        plain = {
            "method": method,
            "app_key": self.app.key,
            "timestamp": now,
            "v": "2.0",
            "sign_method": "md5",
            "format": "json",
            **({"session": self.session} if self.session else {}),
            **args,
        }
        return {
            name: json.dumps(value) if isinstance(value, dict | list) else str(value)
            for name, value in plain.items()
            if value is not None
        }

    def say(self, method: str, **args: Any) -> Any:
        """The answer as it is parsed: a dict, or the text where it is no JSON."""
        fields = signed(api_app_secrets(self.app)[0], self.fields(method, **args))
        return self.send(fields)

    def send(self, fields: dict[str, str]) -> Any:
        response = self.client.post("/router/rest", fields)
        assert response.status_code == 200, response.content
        said = response.content.decode()
        return json.loads(said) if fields.get("format") == "json" else said

    def answer(self, method: str, **args: Any) -> dict[str, Any]:
        """What is inside of the root of a good answer."""
        said = self.say(method, **args)
        assert "error_response" not in said, said
        (root,) = said.values()
        return root

    def refusal(self, method: str, **args: Any) -> tuple[int, str]:
        """Number and sub_code of the error."""
        said = self.say(method, **args)
        assert "error_response" in said, said
        return said["error_response"]["code"], said["error_response"].get("sub_code", "")
