"""The examples of docs/gateway.md run as they stand, over a real connection."""

import json
import re
import shutil
import subprocess
from datetime import timedelta

import pytest

from affiliates.models import Link
from alliance.kernel import clock
from commissions.services.api_apps import api_app_make, api_app_secrets
from tests.cast import cast_make
from tests.commissions.gateway.examples import hours
from tests.docs import DOCS

GUIDE = (DOCS / "gateway.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)


@pytest.mark.django_db(transaction=True)
def test_the_examples_work_as_they_stand(live_server):
    with clock.at(clock.now() - timedelta(days=1)):
        cast = cast_make()
    cast.sold()
    app = api_app_make(actor=cast.lin, affiliate=cast.affiliate, name="Guide")
    names = {
        "ADDRESS": f"{live_server.url}/router/rest",
        "KEY": app.key,
        "SECRET": api_app_secrets(app)[0],
        "ADZONE": cast.zone.pk,
    }
    for block in BLOCKS:
        exec(block, names)
    (made,) = names["made"]["tbk_dg_general_link_convert_response"]["data"]["item_url_list"][
        "item_url_list"
    ]
    (order,) = names["orders_since"](*hours().values())
    assert order["trade_parent_id"] == "T1"
    if node := shutil.which("node"):
        script = (
            re.search(r"```js\n(.*?)```", GUIDE, re.DOTALL)[1]
            + f"""
            const [address, key, secret, item] = {
                json.dumps([*map(str, list(names.values())[:3]), cast.product.pk])
            };
            const said = await call(address, key, secret, "taobao.tbk.item.info.get",
                                    {{ num_iids: String(item) }});
            console.log(JSON.stringify(said));
        """
        )
        run = [node, "--input-type=module", "-e", script]
        said = subprocess.run(run, capture_output=True, text=True, timeout=60, check=True).stdout
        assert "tbk_item_info_get_response" in json.loads(said)
    code = made["link_info_dto"]["cps_long_url"].rpartition("/")[2]
    assert Link.objects.get(code=code).product == cast.product
