"""What every page of the operations desk is built from.

Deny first: a role sees and does only what its admin class names. State and money change through
decisions: a page that says what will happen, asks for what is needed, and calls a service with its
actor. Forms edit only what has no service, and write the audit trail themselves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import unquote
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin, TabularInline
from unfold.enums import ActionVariant
from unfold.views import ChangeList
from unfold.widgets import UnfoldAdminTextareaWidget

from alliance.kernel import audit
from alliance.kernel.access import has_role
from alliance.kernel.errors import DomainError, Invalid, WrongState
from alliance.kernel.models import AuditEvent, StaffRole, User

Text = str | Promise
Facts = Iterable[tuple[Text, Any]]

QUEUES_CACHE = "desk:queues"  # what waits for somebody; out of date after each decision
MANY = 500  # decided in one go at most


class RoleAccess:
    """Mixin: `seen_by` may look, `changed_by` may edit, nobody may delete.

    An administrator may do all of that; an auditor may look at everything.
    """

    seen_by: tuple[StaffRole, ...] = ()
    changed_by: tuple[StaffRole, ...] = ()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return has_role(request.user, StaffRole.AUDITOR, *self.seen_by, *self.changed_by)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return bool(self.changed_by) and has_role(request.user, *self.changed_by)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class DecisionForm(forms.Form):
    """What a decision needs to know. `obj` is what it is about; None for many rows at once."""

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        self.obj = obj
        super().__init__(*args, **kwargs)


class ReasonForm(DecisionForm):
    """Why: somebody will read it."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        widget=UnfoldAdminTextareaWidget({"rows": 3, "autofocus": True}),
    )


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing that a person may decide about an object.

    `run(actor, obj, **cleaned)` calls the service, and may answer with a sentence that says more
    than `done`; `when(obj)` says whether it applies now;
    `form` asks for what the service needs; `facts(obj)` are shown before the button is pressed.
    `bulk`: it can be taken for many ticked rows of the list at once; `summary(objects)` then says
    what they come to together.
    """

    name: str
    label: Text
    run: Callable[..., Any]
    roles: tuple[StaffRole, ...]
    when: Callable[[Any], bool]
    text: Text
    done: Text
    icon: str = "check"
    variant: ActionVariant = ActionVariant.DEFAULT
    form: type[DecisionForm] = DecisionForm
    initial: Callable[[Any], dict[str, Any]] | None = None
    facts: Callable[[Any], Facts] | None = None
    bulk: bool = False
    summary: Callable[[list[Any]], Facts] | None = None

    @property
    def usual(self) -> bool:
        """What is done on most days stands out; what does harm is quiet until one opens it."""
        return self.variant in (ActionVariant.SUCCESS, ActionVariant.PRIMARY)


class DeskList(ChangeList):
    """A list that says how many rows it left out only when something was left out."""

    full_result_count: int | None

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if self.full_result_count is None and not (self.query or self.has_active_filters):
            self.full_result_count = self.result_count


class DeskAdmin(RoleAccess, ModelAdmin):
    """The base of each admin class here."""

    list_per_page = 50
    list_filter_submit = True
    compressed_fields = True
    warn_unsaved_form = True
    show_full_result_count = False
    change_form_template = "desk/change_form.html"
    tabs_by = ""  # a choice field whose values stand as tabs above the list
    comes: Text = ""  # what comes into the list and when, for whoever finds it empty
    decisions: tuple[Decision, ...] = ()
    rare: frozenset[str] = frozenset()  # decisions that are taken once in a while

    # --- Decisions --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{decision.name}/",
                self.admin_site.admin_view(partial(self.decision_view, decision)),
                name=f"{self._url_base}_{decision.name}",
            )
            for decision in self.decisions
        ]
        return own + super().get_urls()

    @property
    def _url_base(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def url_of(self, page: str, *args: Any) -> str:
        return reverse(f"{self.admin_site.name}:{self._url_base}_{page}", args=args)

    def decision_view(
        self, decision: Decision, request: HttpRequest, object_id: str
    ) -> HttpResponse:
        """GET: what will happen, and what is needed for it. POST: do it."""
        if not has_role(request.user, *decision.roles):
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        back = HttpResponseRedirect(self.url_of("change", obj.pk))
        if not decision.when(obj):
            messages.warning(request, str(WrongState.message))
            return back
        form = decision.form(
            request.POST if request.method == "POST" else None,
            request.FILES or None,
            obj=obj,
            initial=decision.initial(obj) if decision.initial else None,
        )
        if form.is_valid():
            said = decision.run(person(request), obj, **form.cleaned_data)
            cache.delete(QUEUES_CACHE)
            messages.success(request, str(said if isinstance(said, Text) else decision.done))
            return back
        context = {
            "decision": decision,
            "danger": decision.variant == ActionVariant.DANGER,
            "form": form,
            "original": obj,
            "facts": list(decision.facts(obj)) if decision.facts else [],
            "back": back.url,
        }
        return self.page(request, "desk/decision.html", decision.label, **context)

    def page(
        self, request: HttpRequest, template: str, title: Text, **context: Any
    ) -> TemplateResponse:
        """A page of our own inside the desk's frame."""
        request.current_app = self.admin_site.name
        return TemplateResponse(
            request,
            template,
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "title": title,
                **context,
            },
        )

    def make_page(
        self,
        request: HttpRequest,
        form: forms.Form,
        make: Callable[[User], Model],
        *,
        title: Text,
        submit: Text,
        text: Text,
        done: Text,
    ) -> HttpResponse:
        """A page that asks for what a new object needs. `make(actor)` calls the service with what a
        valid form says; a refusal stands at the field at fault."""
        if form.is_valid():
            try:
                made = make(person(request))
            except Invalid as exc:
                form.add_error(exc.field if exc.field in form.fields else None, str(exc))
            else:
                messages.success(request, str(done))
                return HttpResponseRedirect(self.url_of("change", made.pk))
        return self.page(
            request,
            "desk/form.html",
            title,
            form=form,
            submit=submit,
            text=text,
            back=self.url_of("changelist"),
        )

    def decide_many(
        self, decision: Decision, request: HttpRequest, chosen: QuerySet[Any]
    ) -> HttpResponse | None:
        """First a page that says what will happen to which rows, then the deed, row by row."""
        if not has_role(request.user, *decision.roles):
            raise PermissionDenied
        objects = [obj for obj in chosen.order_by("pk")[:MANY] if decision.when(obj)]
        if not objects:
            messages.warning(request, gettext("None of the rows you ticked is waiting for this."))
            return None
        form = decision.form(
            request.POST if "decided" in request.POST else None, request.FILES or None
        )
        facts = decision.facts or (lambda obj: ())
        if not form.is_valid():
            return self.page(
                request,
                "desk/decision_many.html",
                decision.label,
                decision=decision,
                danger=decision.variant == ActionVariant.DANGER,
                form=form,
                checkbox=ACTION_CHECKBOX_NAME,
                rows=[(obj, list(facts(obj))) for obj in objects],
                summary=list(decision.summary(objects)) if decision.summary else [],
                back=request.get_full_path(),
            )
        done = 0
        for obj in objects:
            try:
                decision.run(person(request), obj, **form.cleaned_data)
            except DomainError as exc:  # one refusal must not hide what became of the others
                messages.error(request, f"{obj}: {exc}")
            else:
                done += 1
        cache.delete(QUEUES_CACHE)
        if done:
            said = ngettext("%(label)s: %(count)d done.", "%(label)s: %(count)d done.", done)
            messages.success(request, said % {"label": decision.label, "count": done})
        return None

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        if self.actions is None or IS_POPUP_VAR in request.GET:
            return {}
        return {
            decision.name: (self._many(decision), decision.name, decision.label)
            for decision in self.decisions
            if decision.bulk and has_role(request.user, *decision.roles)
        }

    @staticmethod
    def _many(decision: Decision) -> Callable[..., HttpResponse | None]:
        def act(
            admin: "DeskAdmin", request: HttpRequest, chosen: QuerySet[Any]
        ) -> HttpResponse | None:
            return admin.decide_many(decision, request, chosen)

        return act

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            buttons = [*(context.get("actions_detail") or []), *self.buttons(request, obj)]
            context["actions_detail"] = self.arranged(buttons)
            context.update(self.more_context(request, obj))
        return super().render_change_form(request, context, add, change, form_url, obj)

    def buttons(self, request: HttpRequest, obj: Any) -> list[dict[str, Any]]:
        """What the person may do with the object now."""
        return [
            {
                "title": decision.label,
                "icon": decision.icon,
                "variant": decision.variant if decision.usual else ActionVariant.DEFAULT,
                "path": self.url_of(decision.name, obj.pk),
            }
            for decision in self.decisions
            if has_role(request.user, *decision.roles) and decision.when(obj)
        ]

    def arranged(self, buttons: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The buttons of an object's page. Those named in `rare` wait behind one that says so."""
        shown = [one for one in buttons if one["path"].split("/")[-2] not in self.rare]
        more = [one for one in buttons if one not in shown]
        if not more:
            return shown
        group = {"title": gettext("More"), "icon": "more_horiz", "items": more}
        return [*shown, {**group, "method_name": "more", "variant": ActionVariant.DEFAULT}]

    def more_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the page's own sections need (`change_form_outer_after_template`)."""
        return {}

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """The first column leads to the row's page; if it leads elsewhere already, the next one."""
        if self.list_display_links:
            return super().get_list_display_links(request, list_display)
        own = (one for one in list_display if not getattr(one, "leads", False))
        return list(own)[:1]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DeskList

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Only what the list's own filters ask. Django takes any field of the row, and by asking
        for its beginning a password's hash or an account number could be read letter by letter."""
        asked = lookup.partition("__")[0]
        known = {self.tabs_by, *map(_asks_for, self.list_filter)}
        return asked in known and super().lookup_allowed(lookup, value, request)

    # --- The audit trail is the log ---------------------------------------------------------------

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.save()
            self._record(request, obj, "added", {})
        elif form.changed_data:
            changes = {
                name: [_plain(form.initial.get(name)), _plain(form.cleaned_data.get(name))]
                for name in form.changed_data
            }
            # Only what was edited: a state that moved meanwhile stays as it is.
            obj.save(update_fields=form.changed_data)
            self._record(request, obj, "changed", changes)

    def _record(
        self, request: HttpRequest, obj: Any, fact: str, changes: dict[str, list[Any]]
    ) -> None:
        audit.record(f"{self.opts.model_name}.{fact}", obj, actor=person(request), changes=changes)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        return None

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Everything the audit trail knows of this object, newest first."""
        obj = self.get_object(request, unquote(object_id))
        if obj is None:
            raise Http404
        if not self.has_view_permission(request, obj):
            raise PermissionDenied
        events = history_of(obj)
        return self.page(
            request,
            "desk/history.html",
            _("History: %(name)s") % {"name": obj},
            original=obj,
            back=self.url_of("change", obj.pk),
            page=Paginator(events, 50).get_page(request.GET.get("p")),
        )


class ReadOnlyAdmin(DeskAdmin):
    """Shown, never edited: ledger, audit, evidence. Decisions may still be offered."""

    changed_by = ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(RoleAccess, TabularInline):
    """Rows shown below their parent, never edited."""

    extra = 0
    tab = True
    show_change_link = True
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever sees the parent sees its rows

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def person(request: HttpRequest) -> User:
    """Who is signed in. The desk's pages let nobody else through."""
    return cast(User, request.user)


def history_of(obj: Model) -> QuerySet[AuditEvent]:
    """What was done to the object, newest first."""
    events = AuditEvent.objects.filter(
        object_type=obj._meta.label_lower, object_id=str(obj.pk)
    ).select_related("actor")
    return events.order_by("-at", "-pk")


def in_state(*states: str) -> Callable[[Any], bool]:
    """A `when`: the object is in one of these states."""
    return lambda obj: obj.state in states


def last_reason(obj: Model, *verbs: str) -> str:
    """The reason that was given when one of these things was last done to the object."""
    last = history_of(obj).filter(verb__in=verbs).first()
    return last.data.get("reason", "") if last else ""


def _asks_for(list_filter: Any) -> str:
    """The parameter by which an entry of `list_filter` asks."""
    if isinstance(list_filter, tuple):
        list_filter = list_filter[0]
    if not isinstance(list_filter, str):
        return str(list_filter.parameter_name)
    return list_filter.partition("__")[0]


def _plain(value: Any) -> Any:
    """What a form field held, as the audit trail can keep it."""
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (bool, int, str, type(None))) else str(value)
