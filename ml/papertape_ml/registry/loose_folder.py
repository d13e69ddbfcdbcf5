"""A version that lies about in a folder, before any registry knows it: manifest.json and files."""

from pathlib import Path

from papertape_ml.errors import BadModel
from papertape_ml.registry.manifest import MAX_BYTES, MAX_FILES, MAX_MANIFEST, Manifest
from papertape_ml.registry.names import file_name
from papertape_ml.registry.reading import entries, folder, read_file

MANIFEST = "manifest.json"


def read_folder(path: Path, created: int) -> tuple[Manifest, dict[str, bytes]]:
    """The manifest, written by hand or not, and every other file of the folder. Raises BadModel.

    `created`: ms UTC, for a manifest that does not say when it was. Links, folders and names that no file of a version
    may have are refused, never skipped: what is in the folder is in the version.
    """
    try:
        with folder(path) as handle:
            found = list(entries(handle))
            if (MANIFEST, True) not in found:
                raise BadModel(f"there is no {MANIFEST}")
            if len(found) > MAX_FILES + 1:
                raise BadModel(f"there are {len(found):,} files; a version has at most {MAX_FILES}")
            manifest = Manifest.read(read_file(handle, MANIFEST, MAX_MANIFEST), created=created)
            files: dict[str, bytes] = {}
            left = MAX_BYTES
            for name, _ in found:
                if name != MANIFEST:
                    files[name] = read_file(handle, file_name(name), left)
                    left -= len(files[name])
        return manifest.with_files(files), files
    except BadModel as error:
        raise BadModel(f"{path} is no folder of a model's version: {error}") from None
    except OSError as error:
        raise BadModel(f"{path} cannot be read: {error.strerror or error}") from None
