"""Wallets on loopback: they check who asks, keep a book of what they really paid, and misbehave.

`plan` says what happens to the next transfer:

ok          paid, and said so
refuse      a definite no
before      no answer, nothing paid
after       paid, but no answer
garbage     paid, but the answer is noise
forged      nothing paid, and somebody in between says that it was
pending     paid later, when `finish` is called
"""

import base64
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from alliance.kernel.money import Money

MERCHANT = rsa.generate_private_key(public_exponent=65537, key_size=2048)
WALLET = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def public_pem(key) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


class Wallet:
    """A server in a thread. Subclasses answer `handle(method, url, headers, body)`."""

    def __init__(self) -> None:
        self.plan = "ok"
        self.paid: dict[str, list[int]] = defaultdict(list)
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.silence = threading.Event()
        wallet = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer("GET")

            def do_POST(self) -> None:
                self._answer("POST")

            def _answer(self, method: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                said = wallet.handle(method, urlsplit(self.path), self.headers, body)
                if said is None:  # longer than anybody waits
                    wallet.silence.wait(5)
                    self.close_connection = True
                    return
                status, text, extra = (*said, {})[:3]
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_args) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.silence.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def handle(self, method, url, headers, body):
        raise NotImplementedError


class AlipayServer(Wallet):
    """The open gateway: RSA2 both ways, one transfer per out_biz_no."""

    def __init__(self) -> None:
        super().__init__()
        self.orders: dict[str, dict] = {}

    def handle(self, method, url, headers, body):
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        params = {**query, **form}
        self.asked.append(params["method"])
        if not self._signed(params):
            self.wrong.append("signature")
            return 200, self._answer(
                "error", {"code": "40002", "sub_code": "isv.invalid-signature"}
            )
        content = json.loads(params["biz_content"])
        if params["method"] == "alipay.fund.trans.uni.transfer":
            return self._transfer(content)
        return self._query(content)

    def _signed(self, params: dict[str, str]) -> bool:
        fixed = {"format": "JSON", "charset": "utf-8", "sign_type": "RSA2", "version": "1.0"}
        if {name: params.get(name) for name in fixed} != fixed or params["app_id"] != "2021000000":
            return False
        signature = base64.b64decode(params.pop("sign"))
        text = "&".join(f"{name}={params[name]}" for name in sorted(params))
        try:
            MERCHANT.public_key().verify(
                signature, text.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return False
        return True

    def _transfer(self, content):
        number = content["out_biz_no"]
        assert content["product_code"] == "TRANS_ACCOUNT_NO_PWD"
        assert content["biz_scene"] == "DIRECT_TRANSFER"
        assert content["payee_info"]["identity_type"] == "ALIPAY_LOGON_ID"
        plan = self.plan
        done = {
            "code": "10000",
            "msg": "Success",
            "out_biz_no": number,
            "order_id": f"2026{number}",
        }
        if plan == "before":
            return None
        if plan == "forged":
            return 200, self._answer("uni.transfer", {**done, "status": "SUCCESS"}, STRANGER)
        if plan == "refuse":
            no = {"code": "40004", "msg": "Business Failed", "sub_code": "PAYEE_NOT_EXIST"}
            return 200, self._answer("uni.transfer", {**no, "sub_msg": "收款账号不存在"})
        if number not in self.orders:
            self.orders[number] = {"amount": content["trans_amount"], "status": "DEALING"}
            if plan != "pending":
                self.finish()
        if plan == "after":
            return None
        if plan == "garbage":
            return 200, "<html>502 Bad Gateway</html>"
        status = self.orders[number]["status"]
        return 200, self._answer("uni.transfer", {**done, "status": status})

    def finish(self) -> None:
        for number, order in self.orders.items():
            if order["status"] == "DEALING":
                order["status"] = "SUCCESS"
                key = number.replace("_", "-")
                self.paid[key].append(Money.parse(order["amount"], "CNY").minor)

    def _query(self, content):
        number = content["out_biz_no"]
        assert content["product_code"] == "TRANS_ACCOUNT_NO_PWD"
        if number not in self.orders:
            no = {"code": "40004", "msg": "Business Failed", "sub_code": "ORDER_NOT_EXIST"}
            return 200, self._answer("common.query", no)
        said = {"code": "10000", "out_biz_no": number, "order_id": f"2026{number}"}
        return 200, self._answer("common.query", {**said, "status": self.orders[number]["status"]})

    @staticmethod
    def _answer(method: str, content: dict, key=WALLET) -> str:
        name = "alipay_fund_trans_" + method.replace(".", "_") + "_response"
        # As the real one writes it: slashes escaped, characters as they are.
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        sign = base64.b64encode(signature).decode()
        return f'{{"{name}":{text},"sign":"{sign}"}}'


class PayPalServer(Wallet):
    """Payouts: OAuth, one batch per sender_batch_id, asked about by its own number only."""

    TOKEN = "A21AAF-token"

    def __init__(self) -> None:
        super().__init__()
        self.batches: dict[str, dict] = {}
        self.closed = False
        self.known_as = "USER_BUSINESS_ERROR"

    def handle(self, method, url, headers, body):
        self.asked.append(f"{method} {url.path}")
        if url.path == "/v1/oauth2/token":
            basic = base64.b64encode(b"client:secret").decode()
            if self.closed or headers["Authorization"] != f"Basic {basic}":
                return 401, json.dumps({"error": "invalid_client"})
            return 200, json.dumps({"access_token": self.TOKEN, "expires_in": 32400})
        if headers["Authorization"] != f"Bearer {self.TOKEN}":
            self.wrong.append("token")
            return 401, json.dumps({"name": "AUTHENTICATION_FAILURE"})
        if method == "POST":
            return self._create(json.loads(body), headers)
        return self._show(url.path.rpartition("/")[2])

    def _create(self, said, headers):
        key, (item,) = said["sender_batch_header"]["sender_batch_id"], said["items"]
        assert headers["PayPal-Request-Id"] == key == item["sender_item_id"]
        plan = self.plan
        if plan == "before":
            return None
        if plan == "refuse":
            no = {"name": "INSUFFICIENT_FUNDS", "message": "Sender does not have sufficient funds."}
            return 422, json.dumps(no)
        number = f"BATCH{len(self.batches):08d}"
        if plan == "forged":  # PayPal's word about something else
            return 201, json.dumps(self._header(number, "payout-999999", "SUCCESS"))
        for known, batch in self.batches.items():
            if batch["key"] == key:
                link = {"href": f"https://api.paypal.com/v1/payments/payouts/{known}"}
                detail = {"field": "SENDER_BATCH_ID", "issue": "already exists", "link": [link]}
                return 400, json.dumps({"name": self.known_as, "details": [detail]})
        self.batches[number] = {"key": key, "item": item, "status": "PENDING"}
        if plan != "pending":
            self.finish()
        if plan == "after":
            return None
        if plan == "garbage":
            return 201, "[]"
        return 201, json.dumps(self._header(number, key, "PENDING"))

    @staticmethod
    def _header(number, key, status):
        return {
            "batch_header": {
                "payout_batch_id": number,
                "batch_status": status,
                "sender_batch_header": {"sender_batch_id": key},
            }
        }

    def finish(self) -> None:
        for batch in self.batches.values():
            if batch["status"] == "PENDING":
                batch["status"] = "SUCCESS"
                amount = batch["item"]["amount"]
                self.paid[batch["key"]].append(
                    Money.parse(amount["value"], amount["currency"]).minor
                )

    def _show(self, number):
        batch = self.batches.get(number)
        if batch is None:
            return 404, json.dumps({"name": "RESOURCE_NOT_FOUND"})
        item = {
            "payout_item_id": f"ITEM{number}",
            "transaction_id": f"TX{number}",
            "transaction_status": batch["status"],
            "payout_item": batch["item"],
        }
        status = "SUCCESS" if batch["status"] == "SUCCESS" else "PROCESSING"
        return 200, json.dumps({**self._header(number, batch["key"], status), "items": [item]})

    def report(self) -> bytes:
        """The report of payouts, as a person downloads it."""
        lines = ["Date,Transaction ID,Sender Item ID,Status,Currency,Gross"]
        lines += [
            f"06/22/2026,TX{number},{batch['key']},Completed,{batch['item']['amount']['currency']},"
            f"-{batch['item']['amount']['value']}"
            for number, batch in self.batches.items()
            if batch["status"] == "SUCCESS"
        ]
        return "\n".join(lines).encode()
