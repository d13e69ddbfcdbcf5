"""Session files: TOML, one key per field of the configuration."""

import tomllib
from pathlib import Path
from typing import Any

from papertape.contract.errors import ConfigError


def read_file(name: str) -> dict[str, Any]:
    """The parsed file; paths in it are relative to it. Raises `ConfigError` naming the file and the line of a mistake."""
    path = Path(name)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"session file {name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"session file {name} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"session file {name} is not TOML: {error}") from None
    return _with_paths(document, path.parent)


def _with_paths(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    found = dict(document)
    feed = found.get("feed")
    if isinstance(feed, dict) and isinstance(feed.get("sources"), list):
        found["feed"] = {**feed, "sources": [str(folder / str(source)) for source in feed["sources"]]}
    strategies = found.get("strategies")
    if isinstance(strategies, list):
        found["strategies"] = [_strategy(strategy, folder) for strategy in strategies]
    return found


def _strategy(strategy: Any, folder: Path) -> Any:
    if isinstance(strategy, str) and strategy.endswith(".py"):
        return str(folder / strategy)
    if isinstance(strategy, dict) and str(strategy.get("kind", "")).endswith(".py"):
        return {**strategy, "kind": str(folder / strategy["kind"])}
    return strategy
