"""The records that cross topics; ``.avsc`` is the truth, ``kudos.records`` is pinned to it."""
