"""What nets learn from (section 4.1): whole data sets as uint8 tensors, by name.

`load` brings one into memory, from its package or from the cache folder, downloading it there first where it must.
"""

from core.datasets.registry import DatasetInfo, data_root, info, load, names
from core.datasets.split import Dataset, Progress, Split

__all__ = ["Dataset", "DatasetInfo", "Progress", "Split", "data_root", "info", "load", "names"]
