"""Operations desk: who sells, what, and at which rates."""

from merchants.admin import goods, merchants

__all__ = ["goods", "merchants"]
