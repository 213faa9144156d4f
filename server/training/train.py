"""Train a skin lesion classifier: ``python server/training/train.py --help``.

The first lines put the repository, instead of this folder, on the import path (a script's folder
comes first there, and a module here named like one of Python's own would break it), and tell
OpenMP's threads to wait without burning the processor, which must happen before torch is loaded.
"""

import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
_REPOSITORY = os.path.dirname(os.path.dirname(_HERE))  # noqa: PTH120
sys.path[:] = [_REPOSITORY] + [
    path
    for path in sys.path
    if os.path.abspath(path or os.curdir) not in (_HERE, _REPOSITORY)  # noqa: PTH100
]
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("KERAS_BACKEND", "torch")

from server.training.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
