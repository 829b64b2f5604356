"""The page of a commit on the web."""

from __future__ import annotations

import pytest

from explog.report.forge import commit_page


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        ("https://github.com/ada/xyz.git", "https://github.com/ada/xyz/commit/83d45cd"),
        ("https://ada:secret@github.com/ada/xyz", "https://github.com/ada/xyz/commit/83d45cd"),
        ("git@github.com:ada/xyz.git", "https://github.com/ada/xyz/commit/83d45cd"),
        ("ssh://git@github.com:22/ada/xyz.git/", "https://github.com/ada/xyz/commit/83d45cd"),
        ("git://github.com/ada/xyz.git", "https://github.com/ada/xyz/commit/83d45cd"),
        (
            "git@gitlab.example.org:group/sub/xyz.git",
            "https://gitlab.example.org/group/sub/xyz/-/commit/83d45cd",
        ),
        (
            "https://gitlab.example.org:8443/g/x.git",
            "https://gitlab.example.org:8443/g/x/-/commit/83d45cd",
        ),
        ("git@bitbucket.org:ada/xyz.git", "https://bitbucket.org/ada/xyz/commits/83d45cd"),
        ("https://git.sr.ht/~ada/xyz", "https://git.sr.ht/~ada/xyz/commit/83d45cd"),
        ("https://codeberg.org/ada/xyz.git", "https://codeberg.org/ada/xyz/commit/83d45cd"),
        (
            "https://gitea.example.org/ada/a b.git",
            "https://gitea.example.org/ada/a%20b/commit/83d45cd",
        ),
        ("https://git.example.org/ada/xyz.git", None),
        ("/srv/git/xyz.git", None),
        ("../xyz", None),
        ("C:/git/github", None),
        ("file:///srv/github/xyz.git", None),
        ("ext::sh -c github", None),
        ("https://[github.com/x", None),
        ("javascript://github.com/%0aalert(1)", None),
        ("", None),
    ],
)
def test_page(remote: str, page: str | None) -> None:
    assert commit_page(remote, "83d45cd") == page
