"""A call of each method that is served, as a tool would send it. The contract runs them all."""

from collections.abc import Callable
from typing import Any

from tests.cast import Cast

EXAMPLES: dict[str, Callable[[Cast], dict[str, Any]]] = {
    "taobao.tbk.item.info.get": lambda cast: {"num_iids": cast.product.pk},
    "taobao.tbk.item.info.upgrade.get": lambda cast: {"item_id": cast.product.pk},
    "taobao.tbk.dg.material.optional": lambda cast: {
        "adzone_id": cast.zone.pk, "q": "保温杯", "start_tk_rate": 1000, "end_price": "200",
    },
    "taobao.tbk.dg.material.optional.upgrade": lambda cast: {
        "adzone_id": cast.zone.pk, "q": "保温杯", "sort": "tk_rate_des", "relation_id": 77,
    },
    "taobao.tbk.dg.general.link.convert": lambda cast: {
        "adzone_id": cast.zone.pk, "item_id_list": cast.product.pk,
        "seller_id_list": cast.shop.pk, "material_dto": [{"material_url": cast.product.url}],
    },
}  # fmt: skip
