"""The child process of `papertape_ml.rl.zip_import`: weights out of a zip of stable-baselines3, as safetensors.

Only `policy.pth` is read, by torch's loader of tensors alone; the pickled objects beside it are never touched.
"""

import json
import os
import sys
from io import BytesIO
from typing import Final
from zipfile import BadZipFile, ZipFile

from papertape_ml.models.child import limit

WEIGHTS: Final = "policy.pth"
_LARGEST: Final = 64 * 2**20


def main() -> None:
    """Read, limit, unpack, answer: a line of JSON (None, or what is wrong), then the bytes."""
    answer = os.dup(1)
    os.dup2(2, 1)
    head = json.loads(sys.stdin.buffer.readline())
    limit(head["seconds"], head["megabytes"])
    data = sys.stdin.buffer.read(head["size"])
    wrong, weights = _weights(data)
    with os.fdopen(answer, "wb") as out:
        out.write(json.dumps(wrong).encode() + b"\n" + weights)
    os._exit(0)


def _weights(data: bytes) -> tuple[str | None, bytes]:
    import safetensors.torch
    import torch

    try:
        with ZipFile(BytesIO(data)) as archive:
            if archive.getinfo(WEIGHTS).file_size > _LARGEST:
                return f"{WEIGHTS} has more than {_LARGEST:,} bytes", b""
            found = torch.load(BytesIO(archive.read(WEIGHTS)), map_location="cpu", weights_only=True)
        tensors = {str(name): value.float().contiguous().clone() for name, value in found.items()}
        return None, safetensors.torch.save(tensors)
    except KeyError:
        return f"it holds no {WEIGHTS}", b""
    except BadZipFile as error:
        return f"it is no zip: {error}", b""
    except Exception as error:  # noqa: BLE001  # whatever a stranger's bytes bring about is an answer
        # The first sentence alone: what follows is torch's advice to load it all the same.
        return f"{WEIGHTS} cannot be read: {' '.join(str(error).split('. ')[0].split())[:200]}", b""


if __name__ == "__main__":
    main()
