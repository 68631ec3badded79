"""A place with the sample state's accounts, and the servers before its site."""

import csv

import pytest

from tests.access import servers
from tests.access.servers import Place


@pytest.fixture(scope="session")
def rows(extract):
    """The accounts table of the sample state."""
    with (extract / "account.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="session")
def place(tmp_path_factory, site, rows):
    made = Place(tmp_path_factory.mktemp("access"), site)
    made.fill(rows)
    return made


@pytest.fixture
def own_place(tmp_path, site, rows):
    """One that a test may change."""
    made = Place(tmp_path, site)
    made.fill(rows)
    return made


@pytest.fixture(scope="session")
def embedded(place):
    with servers.gateway(place) as port:
        yield port


@pytest.fixture(scope="session")
def fronted(place):
    if servers.NGINX is None:
        pytest.fail("nginx is missing: run `make machine`.")
    with servers.behind_nginx(place) as port:
        yield port


@pytest.fixture(params=["embedded", "fronted"])
def server(request):
    """Both set-ups, one behaviour."""
    return request.getfixturevalue(request.param)
