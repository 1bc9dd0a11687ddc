"""Every method that is served, by its name on the wire. How one is added: `commissions.gateway`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from commissions.gateway.call import Call
from commissions.gateway.methods import goods, links


@dataclass(frozen=True, slots=True)
class Served:
    """`answer` says it. `changes`: only for whose maker may change something. `once`: a repeated
    signature gets the first answer. `session`: it acts for whoever allowed the app to."""

    answer: Callable[[Call], dict[str, Any]]
    changes: bool = False
    once: bool = False
    session: bool = False


def _reads(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    return Served(answer, session=session)


def _makes(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    """It may change something, and does no harm twice."""
    return Served(answer, changes=True, session=session)


def _once(answer: Callable[[Call], dict[str, Any]], *, session: bool = False) -> Served:
    """It must not be done twice."""
    return Served(answer, changes=True, once=True, session=session)


METHODS: dict[str, Served] = {
    # Goods
    "taobao.tbk.item.info.get": _reads(goods.item_info),
    "taobao.tbk.item.info.upgrade.get": _reads(goods.item_info_upgrade),
    "taobao.tbk.dg.material.optional": _reads(goods.material_optional),
    "taobao.tbk.dg.material.optional.upgrade": _reads(goods.material_upgrade),
    # Links
    "taobao.tbk.dg.general.link.convert": _makes(links.convert),
}
