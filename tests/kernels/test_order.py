"""Numbers and their keys: there and back, in the same order."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels.order import number, turned


@settings(deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=2))
def test_keys_have_the_order_of_their_numbers(pair: list[float]) -> None:
    keys = [turned(int(bits)) for bits in np.array(pair).view(np.int64)]
    assert [number(turned(key)) for key in keys] == pair
    assert (keys[0] < keys[1]) >= (pair[0] < pair[1])
    assert (keys[0] == keys[1]) <= (pair[0] == pair[1])


def test_the_zeros_and_what_lies_beyond_infinity() -> None:
    values = np.array([-np.inf, -1e-320, -0.0, 0.0, 5e-324, np.inf, np.nan])
    keys = [turned(int(bits)) for bits in values.view(np.int64)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
