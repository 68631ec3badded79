"""F2: every account and every file, on both servers, against the oracle. F3: canaries."""

import socket

from tests.access.oracle import may_read
from tests.access.servers import behind_nginx, gateway


def files(site) -> list[str]:
    """Every published path of the site."""
    period = site / "PY2024Q4"
    return [f"/PY2024Q4/{path.relative_to(period)}" for path in sorted(period.rglob("*.*"))]


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


def test_f2_every_account_and_every_file_as_the_oracle_says(place, site, rows, embedded, fronted):
    paths = files(site)
    users = ["", *sorted({row["worknet_user"] for row in rows})]
    pairs = served = differences = 0
    for user in users:
        cookie = place.cookie(user)
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


def test_f3_a_role_fetches_no_canary_of_another_scope(own_place, site, rows, tmp_path):
    """Every file of a copy of the site carries a name, an id and a wage that are only its own."""
    import shutil

    from tests.access.servers import Place, ask

    copy = tmp_path / "canaries"
    shutil.copytree(site, copy, symlinks=True)
    marks = {}
    for path in files(copy):
        own = [f"{kind}-{len(marks):05}-zq" for kind in ("name", "id", "wage")]
        marks |= dict.fromkeys(own, path)
        with (copy / path[1:]).open("a") as page:
            page.write(" ".join(own))
    place = Place(own_place.folder, copy)
    users = sorted({row["worknet_user"] for row in rows})
    looked = wrong = 0
    for start in (gateway, behind_nginx):
        with start(place) as port:
            for user in users:
                cookie = place.cookie(user)
                bodies = b"".join(ask(port, path, cookie).body for path in ["/", *files(copy)])
                for mark, path in marks.items():
                    looked += 1
                    wrong += (mark.encode() in bodies) and not may_read(rows, user, path)
    print(f"F3: {looked} canaries looked for, {wrong} outside their scope or missing in it")
    assert wrong == 0
    assert looked >= 10_000
