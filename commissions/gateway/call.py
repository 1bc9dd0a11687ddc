"""A call that was let in, as a method sees it."""

from dataclasses import dataclass
from functools import cached_property

from affiliates.models import AdZone, Affiliate, Site
from affiliates.queries import zones_of
from affiliates.services import SUB_LENGTH
from alliance.kernel.models import User
from commissions.gateway.errors import wrong
from commissions.gateway.schema import Args
from commissions.models import ApiApp, ApiSession

PAGES, SIZE, SIZE_MOST = 100, 20, 100


@dataclass(frozen=True)
class Call:
    """`affiliate` and `user`: for whom the tool acts, and as whom: by its session, else its own."""

    app: ApiApp
    method: str
    args: Args
    session: ApiSession | None = None

    @property
    def affiliate(self) -> Affiliate:
        return self.session.affiliate if self.session else self.app.affiliate

    @property
    def user(self) -> User:
        return self.session.user if self.session else self.app.user

    @cached_property
    def zone(self) -> AdZone:
        """The one that `adzone_id` names, which is the last part of a PID; with `site_id` it must
        lie on that site. Raises Refused."""
        zone = zones_of(self.affiliate).filter(pk=self.args.get("adzone_id", 0)).first()
        if zone is None:
            raise wrong("adzone_id")
        if self.args.get("site_id", zone.site_id) != zone.site_id:
            raise wrong("site_id")
        return zone

    @cached_property
    def site(self) -> Site:
        """The one that `site_id` names. Raises Refused."""
        site = self.affiliate.sites.filter(pk=self.args.get("site_id", 0)).first()
        if site is None:
            raise wrong("site_id")
        return site

    @property
    def page(self) -> tuple[int, int]:
        """Which page, from 1 on, of how many. Raises Refused."""
        return self.page_in(self.args)

    def page_in(self, args: Args) -> tuple[int, int]:
        """The same of arguments that stand within another. Raises Refused."""
        number, size = args.get("page_no", 1), args.get("page_size", SIZE)
        if not 1 <= number <= PAGES:
            raise wrong("page_no")
        if not 1 <= size <= SIZE_MOST:
            raise wrong("page_size")
        return number, size

    @property
    def subs(self) -> dict[str, str]:
        """The tool's marks, as our sub-ids: the free one, the channel (`relation_id`), the member
        (`special_id`). An order tells them again. Raises Refused."""
        args = self.args
        free = next((args[n] for n in ("union_id", "unid", "external_id", "xid") if n in args), "")
        found = {
            "sub1": str(free),
            "sub2": str(args.get("relation_id", "")),
            "sub3": str(args.get("special_id", "")),
        }
        if any(len(value) > SUB_LENGTH for value in found.values()):
            raise wrong("external_id")
        return {name: value for name, value in found.items() if value}
