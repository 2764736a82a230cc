"""Data sets (section 4.1) as uint8 tensors in memory, by name.

`load` reads one from its package or from the cache folder, and downloads it there first where needed.
"""

from core.datasets.registry import DatasetInfo, data_root, info, load, names
from core.datasets.split import Dataset, Progress, Split

__all__ = ["Dataset", "DatasetInfo", "Progress", "Split", "data_root", "info", "load", "names"]
