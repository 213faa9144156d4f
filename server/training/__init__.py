"""The training program: works from the command line with no server."""
