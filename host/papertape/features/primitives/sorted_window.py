"""The last n values in order of size, and what can be read from them."""

from typing import Any

from papertape.contract.feature import kernel

# The ints: the place of the next value, and how many there are.
PLACE = 0
COUNT = 1
INTS = 2


def sorted_floats(n: float) -> int:
    """Floats of a window of n values: by size, then by arrival."""
    return 2 * int(n)


@kernel
def sorted_window(f: Any, i: Any, a: int, b: int, n: int, v: float) -> bool:
    """Takes in a value; whether `f[a : a + n]` now holds the last n of them, ascending. NaN empties the window."""
    if v != v:
        i[b + PLACE] = 0
        i[b + COUNT] = 0
        return False
    new = v + 0.0  # one zero only: -0.0 and 0.0 would stand in either order
    count, place = i[b + COUNT], i[b + PLACE]
    if count < n:
        k = a + count
        i[b + COUNT] = count + 1
    else:
        old = f[a + n + place]
        low, high = 0, n - 1
        while low < high:
            middle = (low + high) // 2
            if f[a + middle] < old:
                low = middle + 1
            else:
                high = middle
        k = a + low
        while k + 1 < a + n and f[k + 1] < new:
            f[k] = f[k + 1]
            k += 1
    while k > a and f[k - 1] > new:
        f[k] = f[k - 1]
        k -= 1
    f[k] = new
    f[a + n + place] = new
    i[b + PLACE] = place + 1 if place + 1 < n else 0
    return bool(i[b + COUNT] == n)


@kernel
def quantile(f: Any, a: int, n: int, q: float) -> float:
    """Of n ascending values: linear between the two that are nearest, as NumPy's default."""
    at = q * (n - 1)
    k = min(int(at), n - 2)
    return float(f[a + k] + (at - k) * (f[a + k + 1] - f[a + k]))


@kernel
def nearest(f: Any, a: int, n: int, middle: float, k: int) -> float:
    """The k-th smallest distance of n ascending values from `middle`: the k nearest are neighbours."""
    low, high = 0, n - k
    while low < high:
        first = (low + high) // 2
        if f[a + first + k - 1] - middle >= middle - f[a + first]:
            high = first
        else:
            low = first + 1
    distance = max(middle - f[a + low], f[a + low + k - 1] - middle)
    if low > 0:
        distance = min(distance, max(middle - f[a + low - 1], f[a + low + k - 2] - middle))
    return float(distance)


@kernel
def absolute_deviation(f: Any, a: int, n: int, middle: float) -> float:
    """The median of the distances of n ascending values from `middle`."""
    upper = nearest(f, a, n, middle, n // 2 + 1)
    if n % 2 == 1:
        return upper
    return 0.5 * (nearest(f, a, n, middle, n // 2) + upper)
