"""What merchants type in. Forms read and explain; the services have the last word.

`form.carried_out(service, …)` runs the service with the form's values and shows its refusal at the
field it is about, so nobody types a long form twice.
"""

from merchants.forms.coupons import CouponForm
from merchants.forms.fields import (
    DateInput,
    DayField,
    FigureField,
    ServiceForm,
    bps_of,
    first_moment,
    last_moment,
    rate_field,
)
from merchants.forms.files import FeedForm, OrderUploadForm, ProductUploadForm, UploadForm
from merchants.forms.products import BulkForm, ProductFilterForm, ProductForm
from merchants.forms.rates import LockForm, NewRateForm, PlanForm, RateForm
from merchants.forms.team import (
    HookForm,
    JoinForm,
    MemberForm,
    MerchantForm,
    ShopForm,
)

__all__ = [
    "BulkForm",
    "CouponForm",
    "DateInput",
    "DayField",
    "FeedForm",
    "FigureField",
    "HookForm",
    "JoinForm",
    "LockForm",
    "MemberForm",
    "MerchantForm",
    "NewRateForm",
    "OrderUploadForm",
    "PlanForm",
    "ProductFilterForm",
    "ProductForm",
    "ProductUploadForm",
    "RateForm",
    "ServiceForm",
    "ShopForm",
    "UploadForm",
    "bps_of",
    "first_moment",
    "last_moment",
    "rate_field",
]
