"""Datasets: rows of features and what came of them, to learn from."""

from papertape_ml.data.build import from_candles, read_candles
from papertape_ml.data.dataset import Dataset
from papertape_ml.data.leaks import Leak, leaks
from papertape_ml.data.table import from_table, table_set

__all__ = ["Dataset", "Leak", "from_candles", "from_table", "leaks", "read_candles", "table_set"]
