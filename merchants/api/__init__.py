"""The REST calls of merchants: their products and coupons."""

from rest_framework.request import Request

from alliance.kernel.models import ApiKey, User
from merchants.models import Merchant


class MerchantCall(Request):
    """What a call carries once IsMerchant let it in."""

    user: User
    auth: ApiKey
    merchant: Merchant
