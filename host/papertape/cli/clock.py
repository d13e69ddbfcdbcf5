"""The clock of the shell: nothing inside a session reads one."""

import time


def now() -> int:
    """Ms UTC."""
    return int(time.time() * 1000)
