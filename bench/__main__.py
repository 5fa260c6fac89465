"""`python -m bench` is `levit-bench`."""

from bench.cli import main

if __name__ == "__main__":
    main()
