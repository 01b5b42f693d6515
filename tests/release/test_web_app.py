"""The web app that belongs to a release: noted when users get it, and served again when the functions go back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from crudctl.project import Environment
from crudctl.release import web_app
from crudctl.release.aliases import PROD, Position
from crudctl.web.builds import Builds, Folder
from tests.release.rig import HASTY
from tests.release.simulation import Aws
from tests.release.test_other_functions import in_project, release


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def site(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "site")


def served(site: Folder, tmp_path: Path) -> str:
    return (tmp_path / "site" / site.in_service() / "index.html").read_text(encoding="utf-8")


def upload(aws: Aws, site: Builds, tmp_path: Path, page: str) -> str:
    """Give users a build, as the last step of a deploy does."""
    dist = tmp_path / f"dist-{page}"
    dist.mkdir(exist_ok=True)
    (dist / "index.html").write_text(page, encoding="utf-8")
    cloud = aws.cloud()
    return web_app.put_in_service(site, dist, cloud.records(), aws.places()[PROD])


@contextmanager
def two_deploys(aws: Aws, site: Folder, tmp_path: Path) -> Iterator[None]:
    """A first deploy, and one with a release and another web app."""
    upload(aws, site, tmp_path, "old")
    aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
    upload(aws, site, tmp_path, "new")
    with in_project(aws, tmp_path / "project", web=lambda: site):
        yield


def test_a_rollback_brings_back_the_web_app_too_and_says_so(aws: Aws, site: Folder, tmp_path: Path) -> None:
    before = aws.places()
    with two_deploys(aws, site, tmp_path):
        after, new = aws.places(), site.in_service()
        code, output = release("rollback", "--yes")
        assert (code, aws.places(), served(site, tmp_path)) == (0, before, "old")
        assert f"web app: build {new} -> {site.in_service()}" in output
        ended = aws.cloud().records().past()[0]
        assert (ended.web, ended.web_before) == (site.in_service(), new)
        assert release("rollback", "--to", "1", "--yes")[0] == 0
        assert (aws.places(), served(site, tmp_path)) == (after, "new")


def test_a_web_app_that_cannot_go_back_keeps_no_function(aws: Aws, site: Folder, tmp_path: Path) -> None:
    before = aws.places()
    with two_deploys(aws, site, tmp_path):
        old = aws.cloud().records().past()[0].web_before
        shutil.rmtree(tmp_path / "site" / old)
        code, output = release("rollback", "--yes")
        assert (code, aws.places(), served(site, tmp_path)) == (0, before, "new")
        assert f"the web app stays as it is: the build {old} of the web app is no longer kept" in output


class Denied:
    """A client, or a place of builds, to which every request is refused."""

    def __getattr__(self, operation: str) -> Any:
        def refuse(*_: Any, **__: Any) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)

        return refuse


def test_functions_go_back_although_neither_the_web_app_nor_the_gateway_can_be_reached(
    aws: Aws, site: Folder, tmp_path: Path
) -> None:
    before = aws.places()
    with two_deploys(aws, site, tmp_path):
        pass
    denied = {
        "web": Denied,
        "gateway": lambda: {"api": "a", "stage": "v1"},
        "client": lambda service: Denied() if service == "apigateway" else aws.client(service),
    }
    with in_project(aws, tmp_path / "project", **denied):
        code, output = release("rollback", "--yes")
    assert (code, aws.places(), served(site, tmp_path)) == (0, before, "new")
    assert "the web app stays as it is: " in output
    assert "the gateway stays as it is: " in output


def test_a_rollback_that_is_refused_leaves_the_web_app_alone(aws: Aws, site: Folder, tmp_path: Path) -> None:
    with two_deploys(aws, site, tmp_path):
        aws.client("lambda").delete_function(FunctionName=aws.functions["get_item"], Qualifier="1")
        code, output = release("rollback", "--yes")
        assert (code, served(site, tmp_path)) == (1, "new")
        assert "No longer published" in output


def test_a_rollback_killed_after_the_web_app_went_back_is_completed_by_another(
    aws: Aws, site: Folder, tmp_path: Path
) -> None:
    before = aws.places()
    with two_deploys(aws, site, tmp_path):
        site.serve(aws.cloud().records().past()[0].web_before)
        assert release("rollback", "--yes")[0] == 0
        assert (aws.places(), served(site, tmp_path)) == (before, "old")


def test_a_web_app_that_is_uploaded_for_no_release_is_in_no_record(aws: Aws, site: Folder, tmp_path: Path) -> None:
    with two_deploys(aws, site, tmp_path):
        old = aws.cloud().records().past()[0]
        by_hand = dict.fromkeys(old.new, Position("9"))
        web_app.put_in_service(site, tmp_path / "dist-old", aws.cloud().records(), by_hand)
        assert aws.cloud().records().past()[0] == old
        assert served(site, tmp_path) == "old"


def test_builds_are_kept_as_long_as_a_release_may_go_back_to_them(aws: Aws, site: Folder, tmp_path: Path) -> None:
    for number in range(10):
        aws.releaser(policy=HASTY).start([0.5], 0, aws.publish())
        upload(aws, site, tmp_path, str(number))
    kept = {path.name for path in (tmp_path / "site").glob("*/")}
    assert kept == {each.web for each in aws.cloud().records().past()[:7]}
    past = aws.cloud().records().past()
    oldest = min(each.number for each in past if each.number > 10 - 5)
    assert web_app.with_release(past, oldest) in kept
    assert web_app.with_release(past, oldest - 1) in kept


def test_on_this_machine_the_web_app_follows_the_functions(aws: Aws, site: Folder, tmp_path: Path) -> None:
    """As after `up --hold` with a change of both, then the release, then its rollback and another `up`."""
    environment, dist = Environment(tmp_path, "local"), tmp_path / "web" / "dist"
    assert not web_app.is_built(environment)
    cloud = replace(aws.cloud(), web=lambda: site)
    dist.mkdir(parents=True)

    def up(page: str) -> str:
        (dist / "index.html").write_text(page, encoding="utf-8")
        assert web_app.is_built(environment)
        assert web_app.follow(environment, cloud) == site.in_service()
        return served(site, tmp_path)

    assert up("old") == "old"
    new = aws.publish()
    assert up("new") == "old"
    aws.releaser(policy=HASTY).start([0.5], 0, new)
    assert up("new") == "new"
    with in_project(aws, tmp_path / "project", web=lambda: site):
        assert release("rollback", "--yes")[0] == 0
    assert served(site, tmp_path) == "old"
    assert up("new") == "old"
