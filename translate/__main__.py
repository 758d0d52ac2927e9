"""`python -m translate` and the `stw` command."""

from translate.cli import main

if __name__ == "__main__":
    main()
