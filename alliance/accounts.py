"""How people sign up and in: django-allauth, by e-mail only; staff with a second step."""

from collections.abc import Callable
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import SignupForm as BaseSignupForm
from allauth.account.utils import get_next_redirect_url
from allauth.core.internal.httpkit import add_query_params
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from alliance.kernel import lockbox, mails


class AccountAdapter(DefaultAccountAdapter):
    """allauth's behaviour, with addresses in lower case, the visitor's language kept, and the way
    they were on kept through the verification mail."""

    # In our words: allauth's German is on first-name terms, and its Chinese half English.
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "cannot_remove_primary_email": _("Your primary address cannot be removed."),
        "duplicate_email": _("This address is one of yours already."),
        "email_password_mismatch": _("This e-mail address and this password do not go together."),
        "email_taken": _("Somebody has signed up with this e-mail address already."),
        "enter_current_password": _("Type the password that you have now."),
        "incorrect_password": _("That is not your password."),
        "max_email_addresses": _("You can have %d e-mail addresses at most."),
        "too_many_login_attempts": _("Too many tries. Wait a few minutes, then try again."),
        "unverified_primary_email": _("Confirm your primary address first."),
    }

    def clean_email(self, email: str) -> str:
        return super().clean_email(email).lower()

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> Any:
        user.language = getattr(request, "LANGUAGE_CODE", "")
        return super().save_user(request, user, form, commit)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        """The link also works on another device than the one that signed up, and leads on."""
        url = super().get_email_confirmation_url(request, emailconfirmation)
        onward = get_next_redirect_url(request)  # only addresses of our own get through
        return add_query_params(url, {"next": onward}) if onward else url

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        home = f"{settings.PUBLIC_URL}{reverse('home')}"
        super().send_mail(template_prefix, email, {**context, "home_url": home})

    def render_mail(self, *args: Any, **kwargs: Any) -> EmailMultiAlternatives:
        """The text of the mail, and the same words dressed as HTML: a lone link is a button."""
        message = super().render_mail(*args, **kwargs)
        message.attach_alternative(mails.dressed(message.subject, message.body), "text/html")
        return message

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """A person's saved language follows them to a new device."""
        response = super().post_login(request, user, **kwargs)
        if user.language and settings.LANGUAGE_COOKIE_NAME not in request.COOKIES:
            translation.activate(user.language)
            response.set_cookie(
                settings.LANGUAGE_COOKIE_NAME,
                user.language,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
                samesite="Lax",
            )
        return response


class MfaAdapter(DefaultMFAAdapter):
    """Secrets of authenticator apps are not readable in a copy of the database."""

    def encrypt(self, text: str) -> str:
        return lockbox.lock("mfa", text)

    def decrypt(self, encrypted_text: str) -> str:
        return lockbox.unlock("mfa", encrypted_text)


class SignupForm(BaseSignupForm):
    """What a good password is, in one sentence instead of four."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = _(
            "At least eight characters, with letters, and not one that everybody uses."
        )


class StaffMfaMiddleware:
    """Nobody enters the operations desk with a password alone (REQUIRE_STAFF_MFA).

    allauth asks for the second step at sign-in once there is one, so here it only has to exist.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        place = request.resolver_match
        if (
            settings.REQUIRE_STAFF_MFA
            and place is not None
            and "admin" in place.app_names
            and request.user.is_authenticated
            and request.user.is_staff
            and not is_mfa_enabled(request.user)
        ):
            messages.warning(request, _("Set up a second step first: the desk moves money."))
            return redirect("mfa_index")
        return None
