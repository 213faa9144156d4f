"""DermaScan: from a folder of lesion photographs to a trained, honestly tested model."""

__version__ = "0.1.0"
