"""`python -m server` is the command `galleria`."""

from server.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
