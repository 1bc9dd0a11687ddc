"""Who may sell: the application, the state machine, the people."""

from collections.abc import Sequence

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from alliance.kernel import audit, clock
from alliance.kernel.errors import Invalid, NotAllowed, WrongState
from alliance.kernel.models import MemberRole, User
from merchants.models import Merchant, MerchantMember, MerchantState, Shop
from merchants.notices import member_tell, merchant_tell
from merchants.services.shops import domains_claim, shop_create

ROI_MOST_CENTI = 1_000_000


@transaction.atomic
def merchant_apply(
    *,
    user: User,
    name: str,
    shop_name: str,
    domains: Sequence[str],
    legal_name: str = "",
    contact_email: str = "",
    currency: str = "",
) -> Merchant:
    """A new merchant in state applied, with its first shop; `user` becomes its owner.

    Raises Invalid for a name that is missing or a domain that is not one.
    """
    merchant = Merchant(
        name=name.strip(),
        legal_name=legal_name.strip(),
        contact_email=contact_email.strip() or user.email,
        currency=currency or settings.ALLIANCE["CURRENCY"],
    )
    if not merchant.name:
        raise Invalid(_("Give the company a name."), field="name")
    merchant.save()
    MerchantMember.objects.create(merchant=merchant, user=user, role=MemberRole.OWNER)
    audit.record("merchant.applied", merchant, actor=user, name=merchant.name)
    shop_create(merchant=merchant, name=shop_name, domains=domains, actor=user)
    return merchant


@transaction.atomic
def merchant_change(
    *,
    merchant: Merchant,
    name: str,
    legal_name: str,
    contact_email: str,
    roi_target_centi: int | None = None,
    actor: User | None,
) -> None:
    """The merchant's own details. Its currency and credit limit are not theirs to change.

    `roi_target_centi`: the sales that it wants for each 1 of commission, times 100; None: no aim.
    Raises Invalid.
    """
    if not name.strip():
        raise Invalid(_("Give the company a name."), field="name")
    merchant.name, merchant.legal_name = name.strip(), legal_name.strip()
    merchant.contact_email = contact_email.strip()
    if roi_target_centi is not None and not 0 < roi_target_centi <= ROI_MOST_CENTI:
        raise Invalid(_("A return lies between 0.01 and 10,000."), field="roi_target")
    merchant.roi_target_centi = roi_target_centi
    merchant.save(update_fields=["name", "legal_name", "contact_email", "roi_target_centi"])
    audit.record(
        "merchant.changed",
        merchant,
        actor=actor,
        name=merchant.name,
        roi_target_centi=roi_target_centi,
    )


@transaction.atomic
def first_steps_hide(*, merchant: Merchant, actor: User | None) -> None:
    """Take the first steps off the merchant's home, for good; doing it twice is harmless."""
    shown = Merchant.objects.filter(pk=merchant.pk, first_steps_hidden_at=None)
    if shown.update(first_steps_hidden_at=clock.now(), updated_at=clock.now()):
        audit.record("merchant.first_steps_hidden", merchant, actor=actor)


@transaction.atomic
def merchant_approve(*, merchant: Merchant, actor: User | None) -> None:
    """APPLIED → ACTIVE. Raises Invalid if another merchant got one of the domains meanwhile."""
    _move(merchant, (MerchantState.APPLIED,), MerchantState.ACTIVE, "merchant.approved", actor)
    for shop in Shop.objects.filter(merchant=merchant):
        domains_claim(merchant=merchant, domains=shop.domains)


@transaction.atomic
def merchant_freeze(*, merchant: Merchant, reason: str, actor: User | None) -> None:
    """ACTIVE → FROZEN: no new links, no new orders; what was begun goes on."""
    _move(
        merchant,
        (MerchantState.ACTIVE,),
        MerchantState.FROZEN,
        "merchant.frozen",
        actor,
        reason=reason,
    )


@transaction.atomic
def merchant_unfreeze(*, merchant: Merchant, actor: User | None) -> None:
    """FROZEN → ACTIVE."""
    _move(merchant, (MerchantState.FROZEN,), MerchantState.ACTIVE, "merchant.unfrozen", actor)


@transaction.atomic
def merchant_close(*, merchant: Merchant, reason: str, actor: User | None) -> None:
    """Any state → CLOSED, for good. Its domains are free for others then."""
    _move(
        merchant,
        (MerchantState.APPLIED, MerchantState.ACTIVE, MerchantState.FROZEN),
        MerchantState.CLOSED,
        "merchant.closed",
        actor,
        reason=reason,
    )


def _move(
    merchant: Merchant,
    before: Sequence[MerchantState],
    after: MerchantState,
    verb: str,
    actor: User | None,
    reason: str = "",
) -> None:
    movable = Merchant.objects.filter(pk=merchant.pk, state__in=before)
    if not movable.update(state=after, updated_at=clock.now()):
        raise WrongState
    merchant.state = after
    event = audit.record(verb, merchant, actor=actor, **({"reason": reason} if reason else {}))
    merchant_tell(merchant, verb, event, reason)


# --- People ---------------------------------------------------------------------------------------


@transaction.atomic
def member_add(*, merchant: Merchant, email: str, role: str, actor: User) -> MerchantMember:
    """Let the person with this address into the merchant's team, and tell them by e-mail.

    Somebody without an account gets one without a password and sets it by "forgot password". The
    answer is the same for both, so nobody learns here who has an account. Owners only.
    """
    _owner(merchant, actor)
    role = _role(role)
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise Invalid(_("This is not an e-mail address."), field="email") from None
    user = User.objects.filter(email__iexact=email).first()
    user = user or User.objects.create_user(email, language=actor.language)
    member, fresh = MerchantMember.objects.get_or_create(
        merchant=merchant, user=user, defaults={"role": role}
    )
    if not fresh:
        raise Invalid(_("This person is in the team already."), field="email")
    audit.record("merchant.member_added", merchant, actor=actor, user=user.pk, role=role)
    member_tell(merchant, user)
    return member


@transaction.atomic
def member_change(*, member: MerchantMember, role: str, actor: User) -> None:
    """Another role. Owners only; the last owner stays one."""
    _owner(member.merchant, actor)
    role = _role(role)
    if role != MemberRole.OWNER:
        _not_last_owner(member)
    MerchantMember.objects.filter(pk=member.pk).update(role=role, updated_at=clock.now())
    audit.record(
        "merchant.member_changed", member.merchant, actor=actor, user=member.user_id, role=role
    )


@transaction.atomic
def member_remove(*, member: MerchantMember, actor: User) -> None:
    """Out of the team at once, keys included. Owners only; the last owner stays."""
    _owner(member.merchant, actor)
    _not_last_owner(member)
    member.user.api_keys.filter(
        organisation=f"merchant:{member.merchant_id}", revoked_at=None
    ).update(revoked_at=clock.now())
    MerchantMember.objects.filter(pk=member.pk).delete()
    audit.record("merchant.member_removed", member.merchant, actor=actor, user=member.user_id)


def _role(role: str) -> str:
    if role not in MemberRole.values:
        raise Invalid(_("There is no such role."), field="role")
    return role


def _owner(merchant: Merchant, actor: User) -> None:
    if not MerchantMember.objects.filter(
        merchant=merchant, user=actor, role=MemberRole.OWNER
    ).exists():
        raise NotAllowed(_("Only an owner may do this."))


def _not_last_owner(member: MerchantMember) -> None:
    owners = MerchantMember.objects.filter(merchant=member.merchant_id, role=MemberRole.OWNER)
    if set(owners.select_for_update().values_list("pk", flat=True)) == {member.pk}:
        raise Invalid(_("A merchant keeps at least one owner."))
