"""The commands `backup` and `restore`: their arguments, output and exit codes."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from crudctl import project
from crudctl.backup import archive, attributes, entries, owners, restoration
from crudctl.backup.archive import Contents, Header
from crudctl.backup.attributes import LIVE, MEMORY, TRASHED, Entry
from crudctl.backup.entries import DELETED, DIFFERENT, MISSING, SAME
from crudctl.backup.restoration import EXPIRED, REFUSE, REPLACED, Look, Restoration
from crudctl.build import service
from crudctl.console import Failed, err, step
from crudctl.infra import outputs
from crudctl.options import confirm_change, environment_option, not_empty, refuse_unconfirmed
from crudctl.project import Environment

FOLDER = "backups"
TABLE = "aws_dynamodb_table.data"  # its address in infra/
ENV = environment_option(*project.ENVIRONMENTS)
SAYS = {
    MISSING: "not in the table",
    SAME: "in the table as in the backup",
    DELETED: "deleted since",
    DIFFERENT: "otherwise in the table",
    EXPIRED: "expired since, and not restored",
}


@click.command()
@ENV
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    help="File, or folder to write to.  [default: a new file in the project's folder backups]",
)
@click.option(
    "--table",
    callback=not_empty,
    help="Another table, such as one that point-in-time recovery has made.  [default: the service's]",
)
def backup(environment: Environment, to: Path | None, table: str | None) -> None:
    """Write every entry of the table, as stored, and the list of users to a file, and print its name.

    The table is read while it is in use: each entry is whole, and as it was at some moment of the backup. Passwords cannot be
    read. The file holds personal data, and only you can read it: keep it where that is allowed, and encrypted.

    Example: crudctl backup --env prod --to /secure/
    """
    known = outputs.read(environment)
    client, name = environment.client("dynamodb"), table or known["table_name"]
    entries.refuse_another_kind(client, name)
    begun = datetime.now(UTC)
    path = _file(environment, to, begun)
    pool = known["user_pool_id"]
    header = Header(
        of=environment.prefix,
        collection=service.load(environment.root).collection,
        table=name,
        region=environment.region,
        user_pool_id=pool,
        begun=begun.isoformat(timespec="seconds"),
    )
    states: Counter[str] = Counter()
    with step(f"Back up {name}") as progress:

        def counted() -> Iterator[Entry]:
            for entry in entries.scan(client, name):
                states[attributes.state(entry)] += 1
                if states.total() % 1000 == 0:
                    progress(f"{states.total():,} entries")
                yield entry

        contents = archive.write(path, header, owners.users(environment.client("cognito-idp"), pool), counted())
    err.print(f"{_entries(states)}, {len(contents.users):,} users; SHA-256 of the content {contents.sha256}")
    click.echo(path)


@click.command()
@ENV
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--plan", is_flag=True, help="Check the file, print what would change, and stop.")
@click.option(
    "--if-different",
    "policy",
    type=click.Choice(list(REPLACED)),
    default=REFUSE,
    show_default=True,
    help="What to do with entries that the table has otherwise than the file: change nothing at all, keep them, put back those "
    "that were deleted, or overwrite all.",
)
@click.option("--user", callback=not_empty, help="Only what belongs to one user: an e-mail address, or the owner's id.")
@click.option(
    "--users",
    "with_users",
    is_flag=True,
    help="Create users that the pool lacks, without a password that anybody knows, and give each user's entries to the user who "
    "has the same address now.",
)
@click.option("--owner", "pairs", multiple=True, metavar="OLD=NEW", help="Give the entries of one owner to another.")
@click.option("--of", help="The name of what the file is a backup of, if it is another environment: orders-prod.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. For prod, --confirm is needed.")
@click.option("--confirm", "name", help="The name of what is restored to, instead of typing it: orders-prod.")
def restore(
    environment: Environment,
    *,
    file: Path,
    plan: bool,
    policy: str,
    user: str | None,
    with_users: bool,
    pairs: tuple[str, ...],
    of: str | None,
    yes: bool,
    name: str | None,
) -> None:
    """Bring the entries of a backup back into the table, and compare the two entry by entry afterwards.

    This is for whoever runs the service. A user takes something out of the trash with the API's own restore, or with Undo.

    Entries that are only in the table stay. Nothing is written if the file is damaged, or if the table has one of its entries
    otherwise: --if-different changes that. Entries that expired since are left out.

    Example: crudctl restore backups/orders-prod-20261126T101500Z.jsonl.gz --env prod --plan
    """
    if not plan:
        refuse_unconfirmed(environment, yes, name)
    mapped = _mapping(pairs)
    with step(f"Check {file}"):
        contents = archive.check(file)
    _refuse_another(environment, contents, of)
    only = _owner(contents, user, file) if user else None
    known = outputs.read(environment)
    cognito, pool, table = environment.client("cognito-idp"), known["user_pool_id"], known["table_name"]
    if contents.header.user_pool_id != pool and not with_users:
        _refuse_strangers(contents, pool, {only} if only else set(map(attributes.owner, archive.entries(file))), mapped)
    present = owners.users(cognito, pool)
    absent = owners.absent(contents.users, present) if with_users else []
    absent = [person for person in absent if only in (None, person["sub"]) and person["sub"] not in mapped]
    if with_users:
        coming = {
            person["sub"]: f"{person['email']} (new)" for person in absent
        }  # nobody has anything under such an id
        mapped = owners.by_address(contents.users, present) | coming | mapped

    def source() -> Iterator[Entry]:
        for entry in archive.entries(file):
            if only in (None, attributes.owner(entry)):
                yield owners.given(entry, mapped)

    client = environment.client("dynamodb")
    entries.refuse_another_kind(client, table)
    work = Restoration(client, table, source, policy, time.time())
    with step(f"Compare it with {table}") as progress:
        look = work.look(progress)
    _explain(contents, table, look, absent)
    if plan:
        return
    _refuse_differences(look, policy)
    if not work.pending(look) and not absent:
        err.print("Nothing is missing.")
        return
    confirm_change(environment, f"Write {work.pending(look):,} entries to {table}?", yes, name)
    with environment.alone():
        for person in absent:
            mapped[person["sub"]] = owners.create(cognito, pool, person)["sub"]
        with step(f"Restore to {table}") as progress:
            overtaken = work.write(progress)
        with step("Compare the table with the file, entry by entry") as progress:
            after = work.look(progress)
    _report(work, after, overtaken)


@click.command(name="use-table")
@ENV
@click.argument("table")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation. For prod, --confirm is needed.")
@click.option("--confirm", "name", help="The name of what is changed, instead of typing it: orders-prod.")
def use_table(environment: Environment, table: str, yes: bool, name: str | None) -> None:
    """Let another table take the place of the service's, such as one that point-in-time recovery has made.

    Only Terraform's state is changed: the next deploy (locally, the next `up`) gives the table its settings, the functions the
    permission to use it and, with a release, their traffic. The table before is left as it is, and is no longer managed.

    Example: crudctl use-table orders-prod-orders-20261126 --env prod
    """
    refuse_unconfirmed(environment, yes, name)
    client, before = environment.client("dynamodb"), outputs.read(environment)["table_name"]
    if not table.startswith(f"{environment.prefix}-"):
        raise Failed(
            f"{table} does not begin with {environment.prefix}-.",
            "Restore to a name that does: the roles of the functions and of deploys may use no other.",
        )
    entries.refuse_another_kind(client, table)
    entries.refuse_unfit(client, table)
    confirm_change(environment, f"Use {table} instead of {before} from the next deploy on?", yes, name)
    with environment.alone(), step(f"Put {table} in the place of {before} in Terraform's state"):
        outputs.terraform(environment).adopt(TABLE, table)
        if environment.local:
            environment.write_record({**environment.record, "saved": False})  # `up` applies, though no file has changed
    err.print(
        f"Next: `crudctl {'up' if environment.local else f'deploy --env {environment.name}'}`. {before} is left as it is."
    )


def _file(environment: Environment, to: Path | None, begun: datetime) -> Path:
    """Return the file to write, in a folder that exists: one of its own is only for its owner."""
    name = f"{environment.prefix}-{begun:%Y%m%dT%H%M%SZ}.jsonl.gz"
    if to is None:
        folder = environment.root / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder / name
    path = to / name if to.is_dir() else to
    if not path.parent.is_dir():
        raise Failed(f"There is no folder {path.parent}.", "Create it, or choose another with --to.")
    return path


def _entries(states: Counter[str]) -> str:
    by_state = f"{states[LIVE]:,} live, {states[TRASHED]:,} in the trash, {states[MEMORY]:,} only remembered"
    return f"{states.total():,} entries ({by_state})"


def _refuse_another(environment: Environment, contents: Contents, of: str | None) -> None:
    """Raise Failed if the backup is of another resource, or of another environment than the command says."""
    header, collection = contents.header, service.load(environment.root).collection
    if header.collection != collection:
        raise Failed(
            f"The file is a backup of {header.collection}; this project has {collection}.", "Choose another file."
        )
    if header.of != (of or environment.prefix):
        raise Failed(
            f"The file is a backup of {header.of}, made {header.begun}, and this is {environment.prefix}.",
            f"Choose another file or --env. If this is intended, pass --of {header.of}.",
        )


def _refuse_strangers(contents: Contents, pool: str, owners_before: set[str], mapped: Mapping[str, str]) -> None:
    """Raise Failed if entries would belong to users of another pool, where nobody could reach them."""
    strangers = sorted(owners_before - mapped.keys())
    if strangers:
        raise Failed(
            f"The entries belong to users of the pool {contents.header.user_pool_id}, whose ids the pool {pool} does not have: "
            f"{strangers[0]}{f' and {len(strangers) - 1} more' if len(strangers) > 1 else ''}.",
            "Pass --users to create the users that are missing and to give each user's entries to the user with the same "
            "address, --owner OLD=NEW for each of them, or --user OLD --owner OLD=NEW for one.",
        )


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    """Return the new id of each owner by the old. Raise Failed if a pair is malformed."""
    for pair in pairs:
        old, _, new = pair.partition("=")
        if not old or not new or "#" in pair or "=" in new:
            raise Failed(f"Invalid owner '{pair}'.", "Use the two ids: --owner OLD=NEW.")
    return dict(pair.split("=") for pair in pairs)


def _owner(contents: Contents, user: str, file: Path) -> str:
    """Return the id of an owner in the backup. Raise Failed if it has no user with this address, or knows nothing of this id."""
    if "@" not in user:
        if all(each["sub"] != user for each in contents.users) and all(
            attributes.owner(entry) != user for entry in archive.entries(file)
        ):
            raise Failed(
                f"The backup has nothing of an owner {user}.", "Pass the e-mail address, or another owner's id."
            )
        return user
    ids = [each["sub"] for each in contents.users if each["email"].casefold() == user.casefold()]
    if len(ids) != 1:
        raise Failed(f"{len(ids)} users of the backup have the address {user}.", "Pass the owner's id instead.")
    return str(ids[0])


def _explain(contents: Contents, table: str, look: Look, absent: list[Any]) -> None:
    """Print what the file is and how the table differs."""
    header = contents.header
    err.print(f"Backup of {header.table}, begun {header.begun}, SHA-256 of the content {contents.sha256}")
    err.print(f"{look.counts.total():,} of its {contents.entries:,} entries, compared with {table}:")
    for found, says in SAYS.items():
        if look.counts[found]:
            err.print(f"  {look.counts[found]:>9,}  {says}")
    if absent:
        err.print(f"  {len(absent):>9,}  users to create")


def _refuse_differences(look: Look, policy: str) -> None:
    different = look.counts[DIFFERENT] + look.counts[DELETED]
    if policy == REFUSE and different:
        some = ", ".join([*look.examples[DELETED], *look.examples[DIFFERENT]][: restoration.EXAMPLES])
        raise Failed(
            f"The table has {different:,} of these entries otherwise, such as {some}. Nothing was written.",
            "Pass --if-different keep to leave them, undelete to put back only those that were deleted, or overwrite.",
        )


def _report(work: Restoration, after: Look, overtaken: int) -> None:
    """Print the result. Raise Failed if the table is not as it should be."""
    pending = work.pending(after)
    if overtaken or pending:
        some = ", ".join(key for found in (MISSING, DELETED, DIFFERENT) for key in after.examples[found])
        raise Failed(
            f"{max(overtaken, pending):,} entries were changed by others meanwhile, and left as they are: {some or 'see above'}.",
            "Run the same command again: it goes on with what is missing.",
        )
    err.print(f"Verified: {after.counts[SAME]:,} entries are in the table as in the backup.")
