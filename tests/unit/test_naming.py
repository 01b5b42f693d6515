"""The service's name and region: where they come from, and what is refused."""

from __future__ import annotations

import json
import re
from pathlib import Path

import botocore.session
import pytest

from crudctl import naming
from crudctl.console import Failed
from crudctl.infra import state
from crudctl.project import Environment
from tests.stack import ROOT, put_names


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project named `stock` in eu-central-1, without settings of an environment."""
    put_names(tmp_path, "stock", "eu-central-1")
    (tmp_path / "infra" / "envs").mkdir()
    return tmp_path


def settings(root: Path, text: str) -> None:
    """Write infra/envs/test.tfvars."""
    (root / "infra" / "envs" / "test.tfvars").write_text(text, encoding="utf-8")


def test_every_environment_has_the_name_and_region_of_the_one_source(root: Path) -> None:
    for name in ("local", "test", "prod"):
        environment = Environment(root, name)
        assert (environment.service_name, environment.region) == ("stock", "eu-central-1")
        assert environment.prefix == f"stock-{name}"


def test_settings_of_an_environment_take_precedence(root: Path) -> None:
    settings(root, 'env = "test"\n\nname   = "shelf" # as before\nregion = "us-east-1"\n')
    assert naming.read(root, "test") == naming.Names("shelf", "us-east-1")
    assert naming.read(root, "prod") == naming.Names("stock", "eu-central-1")


def test_a_name_inside_another_setting_is_not_the_services(root: Path) -> None:
    settings(root, '# name = "no"\nweb_domain = {\nname = "shop.example.com" # {\n}\nalarm_email = "a{b@example.com"\n')
    assert naming.read(root, "test") == naming.Names("stock", "eu-central-1")


@pytest.mark.parametrize("line", ["name = var.other", 'region = "${local.region}"', "name = <<END"])
def test_a_value_that_is_no_plain_string_is_refused(root: Path, line: str) -> None:
    settings(root, f"{line}\n")
    with pytest.raises(Failed, match="is not a plain string"):
        naming.read(root, "test")


def test_a_missing_source_is_reported_with_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(Failed, match=r"infra/terraform\.tfvars\.json does not exist") as failure:
        naming.read(tmp_path, "local")
    assert naming.EXAMPLE in failure.value.hint


@pytest.mark.parametrize("text", ["", "{", "[]", '"stock"'])
def test_a_damaged_source_is_reported(root: Path, text: str) -> None:
    (root / naming.SOURCE).write_text(text, encoding="utf-8")
    with pytest.raises(Failed, match="is damaged"):
        naming.read(root, "local")


@pytest.mark.parametrize("values", [{"name": "stock"}, {"region": "eu-west-2"}, {"name": 1, "region": "eu-west-2"}, {}])
def test_a_source_without_one_of_the_two_is_reported(root: Path, values: dict[str, object]) -> None:
    (root / naming.SOURCE).write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(Failed, match=r"has no (name|region)"):
        naming.read(root, "local")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "3 to 20"),
        ("ab", "3 to 20"),
        ("Stock", "lower-case"),
        ("stock_take", "hyphens"),
        ("1stock", "a letter first"),
        ("stock-", "no hyphen last"),
        ("stock\n", "3 to 20"),
        ("a" * 21, "3 to 20"),
        ("lawsuits", "contains 'aws', which AWS reserves"),
        ("amazonas", "contains 'amazon', which AWS reserves"),
        ("my-cognito", "contains 'cognito', which AWS reserves"),
        ("stock-test", "another service's resources"),
        ("stock-prod-eu", "another service's resources"),
        ("stock-pr", "another service's resources"),
        ("stock-ci", "another service's resources"),
        ("sthree-lines", "begins with 'sthree-', which AWS reserves"),
    ],
)
def test_a_name_that_cannot_work_is_refused_with_the_reason(root: Path, name: str, reason: str) -> None:
    put_names(root, name)
    with pytest.raises(Failed, match=reason):
        naming.read(root, "local")
    put_names(root)
    settings(root, f'name = "{name}"')
    if "\n" not in name:
        with pytest.raises(Failed, match=r"in infra/envs/test\.tfvars"):
            naming.read(root, "test")


@pytest.mark.parametrize("region", ["", "london", "eu-west", "EU-WEST-2", "eu-west-2a", "cn-north-1", "us-gov-west-1"])
def test_a_region_that_cannot_work_is_refused(root: Path, region: str) -> None:
    put_names(root, region=region)
    with pytest.raises(Failed, match="standard partition"):
        naming.read(root, "local")


def regions() -> list[tuple[str, bool]]:
    """All regions that botocore knows, and whether ARNs begin with arn:aws: there."""
    session = botocore.session.get_session()
    return [
        (region, partition == "aws")
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("s3", partition)
        if re.fullmatch(r"[a-z]+(-[a-z]+)+-[0-9]", region)
    ]


def test_every_region_of_the_standard_partition_can_work_and_none_of_another() -> None:
    known = regions()
    assert {"eu-west-2", "cn-north-1", "us-gov-west-1", "eusc-de-east-1"} <= {region for region, _ in known}
    assert [region for region, ours in known if (naming.region_fault(region) == "") != ours] == []
    assert "other ARNs" in naming.region_fault("us-gov-east-1")


@pytest.mark.parametrize("file", ["infra/variables.tf", "infra/ci/variables.tf"])
def test_terraform_refuses_the_same_regions(file: str) -> None:
    text = (ROOT / file).read_text(encoding="utf-8").partition('variable "region"')[2]
    (pattern,) = re.findall(r'!can\(regex\("([^"]+)", var\.region\)\)', text)
    assert [region for region, ours in regions() if bool(re.search(pattern, region)) == ours] == []


def test_this_project_has_a_name_and_a_region() -> None:
    for name in ("local", "test", "prod"):
        assert Environment(ROOT, name).prefix.endswith(f"-{name}")


@pytest.mark.parametrize("name", ["test", "prod", "staging", "pr", "pr-42", "pr-999999", "e2", "prod-2"])
def test_a_word_with_or_without_a_number_names_an_environment(name: str) -> None:
    assert naming.environment_fault(name) == ""


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must be a word"),
        ("t", "must be a word"),
        ("Test", "must be a word"),
        ("pr-", "must be a word"),
        ("pr-4a", "must be a word"),
        ("pr-1-2", "must be a word"),
        ("pr-1234567", "must be a word"),
        ("a" * 13, "must be a word"),
        ("pr-42\n", "must be a word"),
        ("../prod", "must be a word"),
        ("local-2", "this machine alone"),
        ("ci", "its own deploys could change"),
        ("ci-4", "its own deploys could change"),
        ("paws", "contains 'aws'"),
    ],
)
def test_a_name_that_no_environment_can_have_is_refused_with_the_reason(name: str, reason: str) -> None:
    assert reason in naming.environment_fault(name)


def test_an_environment_with_a_number_has_the_settings_of_its_family_unless_it_has_its_own(root: Path) -> None:
    (root / "infra" / "envs" / "pr.tfvars").write_text('region = "eu-west-1"\n', encoding="utf-8")
    assert Environment(root, "pr-42").region == "eu-west-1"
    (root / "infra" / "envs" / "pr-42.tfvars").touch()
    assert Environment(root, "pr-42").region == "eu-central-1"
    assert Environment(root, "pr-43").region == "eu-west-1"


def test_members_share_their_familys_bootstrap_and_nothing_else(root: Path) -> None:
    one, other = Environment(root, "pr-4"), Environment(root, "pr-42")
    assert one.family == other.family == Environment(root, "pr").family
    assert len({one.prefix, other.prefix, one.family.prefix}) == len({one.home, other.home, one.family.home}) == 3
    assert len({state.key(one), state.key(other), state.key(one.family)}) == 3
    assert all(state.key(each).startswith("terraform.tfstate") for each in (one, other, one.family))


def test_the_rules_of_prod_are_those_of_its_family(root: Path) -> None:
    assert [name for name in ("prod", "prod-2", "pr-1", "production") if Environment(root, name).production] == [
        "prod",
        "prod-2",
    ]


@pytest.mark.parametrize(
    ("name", "of_another"),
    [("orders-pr-42-api", True), ("orders-pr-42", True), ("orders-pr-api", False), ("orders-pr-4k-api", False)],
)
def test_what_belongs_to_a_member_is_not_the_familys(name: str, of_another: bool) -> None:
    assert naming.is_of_another(name, "orders-pr") is of_another
