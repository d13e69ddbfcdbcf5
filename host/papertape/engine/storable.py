"""Text that every database can keep and the digest can tell apart, whatever a plugin says."""

import re

_UNSTORABLE = re.compile("[\0\x1f\ud800-\udfff]")


def storable(text: str) -> str:
    r"""`text` with NUL, U+001F and lone surrogates written out as escapes; all else as it is.

    PostgreSQL keeps no NUL, no database keeps a lone surrogate, and U+001F parts the fields of a record of the digest.

    >>> storable("a\0b\ud800c"), storable("as it is \x1b[0m")
    ('a\\x00b\\ud800c', 'as it is \x1b[0m')
    """
    return text if text.isprintable() else _UNSTORABLE.sub(lambda found: repr(found[0])[1:-1], text)
