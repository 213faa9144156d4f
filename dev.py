"""The commands of DermaScan, the same in PowerShell and bash.

    python dev.py demo      set up, start, bring in a sample set, train, show the results
    python dev.py serve     set up and start the server with its page
    python dev.py test      set up and run every test that this machine can run
    python dev.py faults    break the program on purpose: the table of docs/reliability.md
    python dev.py check     format, lint, types, architecture: what CI asks of every commit
    python dev.py bench     measurements beside other programs: step, pipeline, whole-job, memory

Only the standard library is used here, so that a fresh clone needs nothing but Python and Node.
"""

import sys

OLDEST_PYTHON = (3, 11)

if sys.version_info < OLDEST_PYTHON:
    sys.exit(
        "DermaScan needs Python 3.11 or newer; this is Python "
        + sys.version.split()[0]
        + ". Install a newer one and run the command with it."
    )

from devtools.commands import main  # noqa: E402  (older Pythons cannot even read it)

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
