"""Rows that have something in common: how many, and with how many different values."""

import numpy as np


def numbered(*keys: np.ndarray) -> np.ndarray:
    """For each row the number of its key, of so many columns, among all that there are."""
    if not len(keys[0]):
        return np.zeros(0, int)
    number = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        part = np.unique(key, return_inverse=True)[1]
        number = np.unique(number * (part.max() + 1) + part, return_inverse=True)[1]
    return number


def counted(*keys: np.ndarray) -> np.ndarray:
    """For each row how many rows have its key."""
    number = numbered(*keys)
    return np.bincount(number)[number]


def distinct(key: np.ndarray, value: np.ndarray) -> np.ndarray:
    """For each row how many different values the rows with its key have."""
    number, pair = numbered(key), numbered(key, value)
    first = np.unique(pair, return_index=True)[1]
    return np.bincount(number[first], minlength=len(number))[number]
