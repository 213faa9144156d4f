"""The honest part: split, metrics, report."""
