"""Operations desk: extras on top of the commission. The campaigns themselves move money, so their
pages are in `commissions.admin.campaigns`."""

from campaigns.admin import subsidies

__all__ = ["subsidies"]
