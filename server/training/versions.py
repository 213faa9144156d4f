"""Which versions a training runs on: what a report names and a second run is compared with."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import server

_PACKAGES = ("torch", "keras", "numpy", "pillow", "h5py", "onnx", "onnxruntime")


def installed_versions() -> dict[str, str]:
    """Package to version, of DermaScan, Python, the packages that compute, and the platform."""
    found = {"dermascan": server.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found | {"platform": platform.platform()}
