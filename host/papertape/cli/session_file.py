"""Session files: TOML, one key per field of the configuration."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from papertape.contract.errors import ConfigError
from papertape.market.timeframe import parse_time


def read_file(name: str) -> dict[str, Any]:
    """The parsed file; paths in it are relative to it, and absolute in what is given: whoever looks at the session then
    may stand elsewhere. Raises `ConfigError` naming the file and a mistake's line."""
    path = Path(name)
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"session file {name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"session file {name} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"session file {name} is not TOML: {error}") from None
    return _with_paths(document, path.parent.absolute())


def _with_paths(document: dict[str, Any], folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = _with_times(document)
    feed = found.get("feed")
    if isinstance(feed, dict):
        for table in (feed, feed.get("params")):
            if isinstance(table, dict) and isinstance(table.get("sources"), list):
                table["sources"] = [str(folder / str(source)) for source in table["sources"]]
    models = found.get("models")
    if isinstance(models, dict) and isinstance(models.get("path"), str) and models["path"]:
        models["path"] = str(folder / models["path"])
    external = found.get("external")
    for series in external if isinstance(external, list) else [external]:
        if isinstance(series, dict) and isinstance(series.get("path"), str) and series["path"]:
            series["path"] = str(folder / series["path"])
    strategies = found.get("strategies")
    if isinstance(strategies, list):
        found["strategies"] = [_strategy(strategy, folder) for strategy in strategies]
    elif strategies is not None:
        found["strategies"] = _strategy(strategies, folder)
    return found


def _with_times(value: Any) -> Any:
    """A date or time of TOML becomes ms UTC, as times are inside."""
    if isinstance(value, dict):
        return {key: _with_times(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_times(inner) for inner in value]
    return parse_time(value.isoformat()) if isinstance(value, date) else value


def _strategy(strategy: Any, folder: Path) -> Any:
    if isinstance(strategy, str) and (strategy.endswith(".py") or ".py:" in strategy):
        return str(folder / strategy)
    if isinstance(strategy, dict) and str(strategy.get("kind", "")).endswith(".py"):
        return {**strategy, "kind": str(folder / strategy["kind"])}
    return strategy
