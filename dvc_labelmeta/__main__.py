"""`python -m dvc_labelmeta` is `labelmeta`."""

from dvc_labelmeta.cli.main import main

main()
