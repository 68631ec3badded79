"""The command line, in a checkout; `ipats` is the same where IPATS is installed."""

from ipats_lib.command_line import main

if __name__ == "__main__":
    main()
