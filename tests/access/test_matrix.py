"""F2: every account and every file, on both servers, against the oracle."""

import socket

import pytest

from tests.access.oracle import may_read
from tests.access.servers import ask


def files(site) -> list[str]:
    """Every published path of the site; a packed copy is no address."""
    period = site / "PY2024Q4"
    found = (path for path in sorted(period.rglob("*.*")) if path.suffix != ".gz")
    return [f"/PY2024Q4/{path.relative_to(period)}" for path in found]


def statuses(port, paths, cookie, method="HEAD") -> list[int]:
    """One answer per path, over one connection that is kept open."""
    with socket.create_connection(("127.0.0.1", port), 10) as link, link.makefile("rb") as answers:
        found = []
        for path in paths:
            link.sendall(f"{method} {path} HTTP/1.1\r\nHost: h\r\n{cookie}\r\n".encode())
            found.append(int(answers.readline().split(b" ")[1]))
            while answers.readline() not in (b"\r\n", b""):
                pass
        return found


@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.attack)])
def test_f2_every_account_and_every_file_as_the_oracle_says(
    place, site, rows, embedded, fronted, step
):
    """step: an account asks for one file in so many, the next account for other ones."""
    every = files(site)
    users = ["", *sorted({row["worknet_user"] for row in rows})]
    assert len(users) > 4 * step, "each file is asked for by several accounts"
    pairs = served = differences = 0
    for number, user in enumerate(users):
        paths, cookie = every[number % step :: step], place.cookie(user)
        expected = [200 if may_read(rows, user, path) else 404 for path in paths]
        for port in (embedded, fronted):
            differences += sum(
                a != b for a, b in zip(statuses(port, paths, cookie), expected, strict=True)
            )
        pairs += len(paths)
        served += expected.count(200)
    print(
        f"F2: {pairs} pairs of account and file on 2 servers, {served} to serve, "
        f"{differences} differ"
    )
    assert differences == 0
    assert served > 100
    assert pairs > 1000


def smallest(site) -> list[str]:
    """One path per published folder: that of its smallest file."""
    folders: dict[str, str] = {}
    for path in sorted(files(site), key=lambda p: ((site / p[1:]).stat().st_size, p)):
        folders.setdefault(path.rsplit("/", 1)[0], path)
    return sorted(folders.values())


def test_f2_what_is_sent_is_the_file_and_nothing_else(place, site, rows, embedded, fronted):
    """With GET: one small file of every folder, as every account, byte for byte."""
    paths, users = smallest(site), ["", *sorted({row["worknet_user"] for row in rows})]
    wrong = served = 0
    for user in users:
        cookie = place.cookie(user)
        for port in (embedded, fronted):
            for path in paths:
                answer, whole = ask(port, path, cookie), (site / path[1:]).read_bytes()
                right = (200, whole) if may_read(rows, user, path) else (404, answer.body)
                wrong += (answer.status, answer.body) != right or (
                    answer.status == 404 and whole in answer.body
                )
                served += answer.status == 200
    print(
        f"F2: {len(paths) * len(users)} pairs with GET on 2 servers, {served} sent, {wrong} wrong"
    )
    assert wrong == 0
    assert served > 50


def test_planners_compared_are_for_their_lwias_administrators(place, site, embedded, fronted):
    """Not for its planners, who share other comparisons with it, nor for another LWIA's; and no
    planner's folder holds a copy."""
    names = ("home-lwia-planners.html", "planner-figures.csv")
    paths = [f"/PY2024Q4/lwia/01/performance/{name}" for name in names]
    assert {path for path in files(site) if path.endswith(names)} >= {*paths}
    assert not [
        p for p in files(site) if p.endswith(names) and ("/planner/" in p or "/state/" in p)
    ]
    shared = ["/PY2024Q4/lwia/01/planner/1001/comparison/areas-beyond.html"]
    for port in (embedded, fronted):
        for user, expected in (
            ("admin01", [200, 200, 200]),
            ("state1", [200, 200, 200]),
            ("planner1001", [404, 404, 200]),
            ("admin02", [404, 404, 404]),
            ("", [404, 404, 404]),
        ):
            found = statuses(port, [*paths, *shared], place.cookie(user))
            assert found == expected, user
