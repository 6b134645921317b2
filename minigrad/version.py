"""The version, and those of the GPU libraries, which are not there."""

__version__ = "0.1.0"
cuda = hip = xpu = None
git_version = "Unknown"
debug = False
