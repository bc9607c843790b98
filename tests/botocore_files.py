"""botocore's data files are read once in a process, not once a session: a test that makes a session makes no new files.

A session reads and parses a megabyte of endpoints before its first client, and looks through four hundred folders.
"""

from functools import cache

from botocore.loaders import JSONFileLoader, Loader

_read = cache(JSONFileLoader().load_file)
_list = Loader.list_available_services
_listed = {}


def read_once():
    """From now on."""
    JSONFileLoader.load_file = lambda _self, path: _read(path)
    Loader.list_available_services = _list_once


def _list_once(loader, type_name):
    key = (*loader.search_paths, type_name)
    if key not in _listed:
        _listed[key] = _list(loader, type_name)
    return list(_listed[key])
