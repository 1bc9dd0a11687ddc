"""Channels and members (渠道、会员): the codes that bring them in, and what is known of each."""

import json
import re
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from affiliates.models import (
    Channel,
    ChannelKind,
    CodeKind,
    ExternalKind,
    OfflineScene,
    OnlineScene,
    Scene,
)
from affiliates.models.channels import FIRST_NUMBER
from affiliates.queries import Missing, channel_numbered, channels_of, manages_channels
from affiliates.services.channels import (
    MANAGERS_ONLY,
    About,
    channel_record,
    inviter_code_find,
    inviter_code_get,
    member_mark,
)
from alliance.kernel.errors import Invalid
from alliance.kernel.http import key_in
from commissions.gateway.call import PAGES, SIZE, SIZE_MOST, Call
from commissions.gateway.errors import Fault, Refused, missing, wrong
from commissions.gateway.methods.links import sights_of
from commissions.gateway.methods.orders import one_of

_AGAIN = {ChannelKind.CHANNEL: "重复绑定渠道", ChannelKind.MEMBER: "重复绑定粉丝"}
_NEW, _UPDATED = 1, 2  # op_type
# What a registration has to say, by where the channel works.
_ADDRESS = ("phoneNumber", "province", "city", "location", "detailAddress")
_REGISTER = {
    Scene.SHOP: (*_ADDRESS, "shopType", "shopName"),
    Scene.PERSON: (*_ADDRESS, "career"),
}
_MAY_SAY = ("shopCertifyType", "certifyNumber")
_LONGEST = 100
# Addresses of links that take marks on: a coupon page does not.
_CARRIES = re.compile(r"/[rg]/[^/?#\s]+(\?[^#\s]*)?")
_TOLD = {
    "shop_name": "shopName", "shop_type": "shopType", "phone_number": "phoneNumber",
    "detail_address": "detailAddress", "location": "location",
    "shop_certify_type": "shopCertifyType", "certify_number": "certifyNumber", "career": "career",
}  # fmt: skip


def invite_code(call: Call) -> dict[str, Any]:
    """The open code of that sort: asking again gives the same."""
    _must_manage(call)
    args = call.args
    kind = one_of(CodeKind, args["code_type"], "code_type")
    channel = None
    if kind == CodeKind.FISSION:
        if "relation_id" not in args:
            raise missing("relation_id")
        channel = channel_numbered(call.affiliate, args["relation_id"])
        if channel is None:
            raise wrong("relation_id")
    try:
        code = inviter_code_get(
            actor=call.user,
            affiliate=call.affiliate,
            kind=kind,
            scene=_scene(args["relation_app"]),
            channel=channel,
        )
    except Invalid as refusal:
        raise wrong("relation_id", str(refusal)) from refusal
    return {"data": {"inviter_code": code.code}}


def record(call: Call) -> dict[str, Any]:
    """Whoever gave the session is recorded below whose code it is; with a session of that one's
    own, somebody without an account, by the name that `note` gives. Again: the same."""
    args = call.args
    kind = one_of(ChannelKind, args["info_type"], "info_type")
    try:
        code = inviter_code_find(code=args["inviter_code"])
    except Invalid as refusal:
        raise wrong("inviter_code", str(refusal)) from refusal
    if CodeKind(code.kind).takes != kind:
        raise wrong("info_type")
    if code.affiliate_id == call.affiliate.pk and "note" not in args:
        raise missing("note")
    about = About(
        online_scene=_scene_number(OnlineScene, call, "online_scene"),
        offline_scene=_scene_number(OfflineScene, call, "offline_scene"),
        note=args.get("note", ""),
        source=args.get("relation_from", ""),
        register=_register(call, Scene(code.scene)),
    )
    made, new = channel_record(actor=call.user, affiliate=call.affiliate, code=code, about=about)
    told: dict[str, Any] = {"account_name": made.name, **_number(made)}
    return {"data": told if new else {**told, "desc": _AGAIN[kind]}}


def info(call: Call) -> dict[str, Any]:
    """What is recorded, newest first. The platform counts these pages from 0 on."""
    _must_manage(call)
    args = call.args
    kind = one_of(ChannelKind, args["info_type"], "info_type")
    rows = _wanted(channels_of(call.affiliate).filter(kind=kind), call, kind)
    number, size = args.get("page_no", 0), args.get("page_size", SIZE)
    if not 0 <= number < PAGES:
        raise wrong("page_no")
    if not 1 <= size <= SIZE_MOST:
        raise wrong("page_size")
    page = rows[number * size : (number + 1) * size]
    return {"data": {"total_count": rows.count(), "inviter_list": [_told(one) for one in page]}}


def mark_member(call: Call) -> dict[str, Any]:
    """An address of ours by which a member comes: whom the tool knows by `external_id` is recorded
    as one, and their special_id put behind the address."""
    _must_manage(call)
    args = call.args
    if args["op_type"] not in (_NEW, _UPDATED):
        raise wrong("op_type")
    external = one_of(ExternalKind, args["external_type"], "external_type")
    address = args["redirect_url"]
    home, path = settings.PUBLIC_URL, address.removeprefix(settings.PUBLIC_URL)
    if not address.startswith(home) or not _CARRIES.fullmatch(path):
        raise wrong("redirect_url")
    (sight,) = sights_of(call, [address])
    link = None if isinstance(sight, Missing) else sight.link
    if link is None or link.affiliate_id != call.affiliate.pk:
        raise wrong("redirect_url")
    try:
        member = member_mark(
            actor=call.user,
            affiliate=call.affiliate,
            external_id=args["external_id"],
            external_kind=external,
            known=args["op_type"] == _UPDATED,
        )
    except Invalid as refusal:
        raise wrong("external_id", str(refusal)) from refusal
    joint = "&" if "?" in path else "?"
    return {"data": {"url": f"{address}{joint}special_id={member.number}"}}


def _must_manage(call: Call) -> None:
    if not manages_channels(call.affiliate):
        raise Refused(Fault.USER_PERMISSION, "isv.permission-user-not-allowed", MANAGERS_ONLY)


def _scene(text: str) -> Scene:
    if text not in Scene.values:
        raise wrong("relation_app")
    return Scene(text)


def _scene_number(
    kind: type[OnlineScene] | type[OfflineScene], call: Call, name: str
) -> int | None:
    text = call.args.get(name)
    return None if text is None else int(one_of(kind, key_in(text), name))


def _register(call: Call, scene: Scene) -> dict[str, str]:
    """What a channel on a street says of itself; elsewhere it is not asked for and not kept."""
    wanted = _REGISTER.get(scene)
    if wanted is None:
        return {}
    if "register_info" not in call.args:
        raise missing("register_info")
    try:
        said = json.loads(call.args["register_info"])
    except (ValueError, RecursionError):
        raise wrong("register_info") from None
    if not isinstance(said, dict):
        raise wrong("register_info")
    found = {
        name: str(said[name]).replace("\x00", "").strip()[:_LONGEST]
        for name in (*wanted, *_MAY_SAY)
        if isinstance(said.get(name), str | int)
    }
    for name in wanted:
        if not found.get(name):
            raise missing(f"register_info.{name}")
    return found


def _wanted(rows: QuerySet[Channel], call: Call, kind: ChannelKind) -> QuerySet[Channel]:
    args = call.args
    rows = rows.filter(scene=_scene(args["relation_app"]))
    if kind == ChannelKind.CHANNEL and "relation_id" in args:
        rows = rows.filter(pk=args["relation_id"] - FIRST_NUMBER)
    if kind == ChannelKind.MEMBER and "special_id" in args:
        rows = rows.filter(pk=key_in(args["special_id"]) - FIRST_NUMBER)
    if "external_id" in args:
        external = one_of(ExternalKind, args.get("external_type", 0), "external_type")
        rows = rows.filter(external_id=args["external_id"], external_kind=external)
    return rows


def _number(one: Channel) -> dict[str, int]:
    name = "relation_id" if one.kind == ChannelKind.CHANNEL else "special_id"
    return {name: one.number}


def _told(one: Channel) -> dict[str, Any]:
    told = {
        **_number(one),
        "relation_app": one.scene,
        "create_date": one.created_at,
        "external_id": one.external_id or None,
        "external_type": one.external_kind if one.external_id else None,
    }
    if one.kind == ChannelKind.MEMBER:
        return told
    offline = {name: one.register.get(wire) for name, wire in _TOLD.items()}
    return {
        **told,
        "account_name": one.name,
        "offline_scene": one.offline_scene,
        "online_scene": one.online_scene,
        "note": one.note or None,
        "offline_info": offline if one.register else None,
    }
