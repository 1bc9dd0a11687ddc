"""A webhook, and what was sent to it, in the words of the REST door; with examples."""

import json
from typing import Any

from drf_spectacular.utils import OpenApiExample
from rest_framework import serializers

from alliance.kernel.models import Delivery, DeliveryCall, DeliveryState, Endpoint, EndpointState
from alliance.kernel.outbox import side_of
from alliance.kernel.rest.pages import PageQuery
from alliance.kernel.rest.words import Moment, Strict
from commissions.happenings import sample_of

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the standard's own example
WEBHOOK = {
    "id": 17,
    "name": "Our books",
    "url": "https://hooks.example.com/alliance",
    "events": ["commission.confirmed", "commission.settled"],
    "state": "on",
    "off_at": None,
    "failing_since": None,
    "sandbox": False,
    "created_at": "2026-06-16T10:00:00+08:00",
}
COUNTS = {"delivered": 210, "waiting": 0, "failed": 1, "missed": 0}
WISH = {name: WEBHOOK[name] for name in ("name", "url", "events")}
DELIVERY = {
    "id": 90211,
    "webhook_id": "msg_0c5e8b2f7f0a4d0c9c1f3b7a2e6d4c58",
    "event": "commission.confirmed",
    "state": "delivered",
    "attempts": 1,
    "due_at": None,
    "created_at": "2026-06-25T12:00:02+08:00",
}
CALL = {
    "at": "2026-06-25T12:00:03+08:00",
    "status": 204,
    "trouble": "",
    "took_ms": 84,
    "answer": "",
}
MESSAGE: dict[str, Any] = {
    "type": "commission.confirmed",
    "timestamp": "2026-06-25T04:00:02Z",
    "version": 1,
    "data": sample_of("commission.confirmed", side_of("affiliate:7")),
}


class WebhookOut(serializers.ModelSerializer[Endpoint]):
    events = serializers.ListField(source="kinds", child=serializers.CharField())
    state = serializers.ChoiceField(
        choices=EndpointState.choices, help_text="on; paused by you; dead: it answered no more."
    )
    delivered = serializers.IntegerField(help_text="Messages of the last thirty days.")
    waiting = serializers.IntegerField()
    failed = serializers.IntegerField()
    missed = serializers.IntegerField(help_text="Kept while it was off.")

    class Meta:
        model = Endpoint
        fields = (*WEBHOOK, *COUNTS)


class WebhookMadeOut(serializers.Serializer[Any]):
    webhook = WebhookOut()
    secret = serializers.CharField(
        allow_null=True, help_text="Shown this once; null when the call is repeated."
    )


class SecretOut(serializers.Serializer[Any]):
    secret = serializers.CharField(
        allow_null=True, help_text="Shown this once; null when the call is repeated."
    )
    before_until = serializers.DateTimeField(help_text="Until then the one before signs, too.")


class WebhookIn(Strict):
    name = serializers.CharField(max_length=60)
    url = serializers.CharField(max_length=2000, help_text="https, and in the open internet.")
    events = serializers.ListField(
        child=serializers.CharField(max_length=40), allow_empty=False, max_length=100
    )


class TestIn(Strict):
    event = serializers.CharField(
        required=False, max_length=40, help_text="One that it hears of; default: its first."
    )


class ReplayIn(Strict):
    since = Moment(help_text="What it did not take since then; at most thirty days are kept.")


class ReplayOut(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="So many wait to be sent.")
    more = serializers.BooleanField(help_text="Whether to ask again for the next ones.")


class DeliveryOut(serializers.ModelSerializer[Delivery]):
    webhook_id = serializers.CharField(source="message_id", help_text="As in the header.")
    event = serializers.CharField(source="kind")
    state = serializers.ChoiceField(choices=DeliveryState.choices)

    class Meta:
        model = Delivery
        fields: tuple[str, ...] = tuple(DELIVERY)


class CallOut(serializers.ModelSerializer[DeliveryCall]):
    """An attempt: what came back, or why nothing did."""

    class Meta:
        model = DeliveryCall
        fields = tuple(CALL)


class DeliveryFullOut(DeliveryOut):
    message = serializers.SerializerMethodField(help_text="As it is sent.")
    calls = CallOut(many=True)

    class Meta(DeliveryOut.Meta):
        fields = (*DELIVERY, "message", "calls")

    def get_message(self, row: Delivery) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(row.body)
        return message


class DeliveriesQuery(PageQuery):
    state = serializers.ChoiceField(choices=DeliveryState.choices, required=False)
    event = serializers.CharField(required=False, max_length=40)


ONE = OpenApiExample("A webhook", {**WEBHOOK, **COUNTS}, response_only=True)
SENT = {**DELIVERY, "message": MESSAGE, "calls": [CALL]}
TOLD = OpenApiExample("A delivery", SENT, response_only=True)
FRESH = {**WEBHOOK, **dict.fromkeys(COUNTS, 0)}
