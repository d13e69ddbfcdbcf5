"""Networks that read sequences: windows of candles in, answers for several horizons out.

Modules that import torch are imported only where a network is built, trained or loaded.
"""
