# It finds the tests of the Python client, where prerequisites.py is.
import victim  # noqa: F401
from prerequisites import binaries as binaries
