"""Tokens: what an app is given by whoever allows it to act for them (`gateway.oauth`)."""

import json
from typing import Any

from commissions.gateway.call import Call
from commissions.services.api_apps import (
    RENEWAL,
    SESSION,
    Tokens,
    api_code_redeem,
    api_session_renew,
)


def create(call: Call) -> dict[str, Any]:
    """The tokens for a code, which works once."""
    return _told(api_code_redeem(app=call.app, code=call.args["code"]))


def refresh(call: Call) -> dict[str, Any]:
    """Another pair; the one before stops."""
    return _told(api_session_renew(app=call.app, refresh=call.args["refresh_token"]))


def tokens_told(tokens: Tokens) -> dict[str, Any]:
    """In the platform's names; times in seconds. What is read and what is changed (r1 to w2) ends
    together here."""
    lasts = int(SESSION.total_seconds())
    return {
        "access_token": tokens.access,
        "token_type": "Bearer",
        "expires_in": lasts,
        "refresh_token": tokens.refresh,
        "re_expires_in": int(RENEWAL.total_seconds()),
        **dict.fromkeys(
            ("r1_expires_in", "r2_expires_in", "w1_expires_in", "w2_expires_in"), lasts
        ),
        "taobao_user_id": str(tokens.session.affiliate_id),
        "taobao_user_nick": tokens.session.affiliate.name,
    }


def _told(tokens: Tokens) -> dict[str, Any]:
    return {"token_result": json.dumps(tokens_told(tokens), ensure_ascii=False)}
