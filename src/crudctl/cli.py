"""The commands of `crudctl`, and where each of them is. The other modules do the work.

None of them is imported before it is used: `tests/unit/test_command_line.py` compares what is written here with the commands.
"""

from __future__ import annotations

import signal
import sys

import click

from crudctl.errors import Commands
from crudctl.lazy import Place

FULL_WIDTH = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
COMMANDS = {
    "alarms": Place(
        "crudctl.operate.commands", "show_alarms",
        "List the alarms: state, since when, reason, and section of the runbook.",
    ),
    "backup": Place(
        "crudctl.backup.commands", "backup",
        "Write every entry of the table, as stored, and the list of users to a file, and print its name.",
    ),
    "bench": Place(
        "crudctl.operate.bench", "bench",
        "Measure cold starts, warm requests, memory, package, calls to DynamoDB, cost, and the local stack, beside the targets.",
    ),
    "bootstrap": Place(
        "crudctl.deploy.commands", "bootstrap",
        "Create what an environment needs before its first deploy, with an administrator's credentials.",
    ),
    "check-infra": Place(
        "crudctl.operate.checks", "check_infra",
        "Check the format and validity of infra/ and run its plan tests.",
    ),
    "check-web": Place(
        "crudctl.operate.checks", "check_web",
        "Check the format and types of the web app, run its unit tests, and build it.",
    ),
    "clean": Place(
        "crudctl.local.commands", "clean",
        "Stop the local stack and delete its data, users and state.",
    ),
    "contract-changes": Place(
        "crudctl.build.commands", "show_contract_changes",
        "List changes since the git revision BASE that break clients of the contract.",
    ),
    "cost": Place(
        "crudctl.cost.commands", "cost",
        "Print the cost of a month of this service on AWS, line by line, in US dollars.",
    ),
    "dashboard": Place(
        "crudctl.operate.commands", "show_dashboard",
        "Write the deployed dashboard with its data as a page and print its address, or print it as text.",
    ),
    "demo": Place(
        "crudctl.local.demo", "demo",
        "Watch a release under load, on the running local stack.",
    ),
    "deploy": Place(
        "crudctl.deploy.commands", "deploy",
        "Build, apply to AWS, release by canary and upload the web app, at once or step by step.",
    ),
    "destroy": Place(
        "crudctl.deploy.destroy", "destroy",
        "Delete a whole environment on AWS: its data, users, logs and web app, and what `bootstrap` created for it.",
    ),
    "doctor": Place(
        "crudctl.operate.commands", "doctor",
        "Check tools, ports, credentials, region, quotas and clock.",
    ),
    "down": Place(
        "crudctl.local.commands", "down",
        "Stop the local stack and keep its data.",
    ),
    "env": Place(
        "crudctl.operate.commands", "show_variables",
        'Print the lines that let `aws` in this shell work on the environment: eval "$(crudctl env)".',
    ),
    "example": Place(
        "crudctl.build.commands", "example",
        "Print JSON that the API accepts as the body of a create: the contract's first example, or else one made from its rules.",
    ),
    "logs": Place(
        "crudctl.operate.commands", "show_logs",
        "Print the functions' and the gateway's log lines, oldest first.",
    ),
    "members": Place(
        "crudctl.deploy.destroy", "members",
        "Print the names of the environments of a family that are deployed, one a line: pr-42.",
    ),
    "names": Place(
        "crudctl.deploy.commands", "names",
        "Print the service's name and region in an environment, as lines of NAME=VALUE.",
    ),
    "new": Place(
        "crudctl.new.commands", "new",
        "Make a new project from this one, with another resource.",
    ),
    "outputs": Place(
        "crudctl.infra.commands", "show_outputs",
        "Print the URLs, ids and names of the environment, or with NAME one value and nothing else.",
    ),
    "package": Place(
        "crudctl.build.commands", "build",
        "Build what is deployed: build/functions.zip and build/openapi.json.",
    ),
    "release": Place(
        "crudctl.release.commands", "release",
        "Release the newest published versions of all functions together.",
    ),
    "restore": Place(
        "crudctl.backup.commands", "restore",
        "Bring the entries of a backup back into the table, and compare the two entry by entry afterwards.",
    ),
    "sbom": Place(
        "crudctl.build.commands", "write_sbom",
        "Write bills of materials (CycloneDX) and SHA-256 checksums of the build to build/.",
    ),
    "status": Place(
        "crudctl.operate.status", "status",
        "Show whether the local stack is running.",
    ),
    "test-tokens": Place(
        "crudctl.deploy.commands", "tokens",
        "Create two test users and print an access token of each, separated by a comma, as for API_TOKENS.",
    ),
    "token": Place(
        "crudctl.infra.commands", "token",
        "Print one access token that the API accepts, and nothing else.",
    ),
    "trace": Place(
        "crudctl.operate.commands", "trace",
        "Print every log line about one request in order, whichever function it was.",
    ),
    "up": Place(
        "crudctl.local.commands", "up",
        "Start the whole stack on this machine.",
    ),
    "use-table": Place(
        "crudctl.backup.commands", "use_table",
        "Let another table take the place of the service's, such as one that point-in-time recovery has made.",
    ),
    "users": Place(
        "crudctl.people.commands", "users",
        "List the people who may sign in, invite one, and shut out one who leaves.",
    ),
    "verify": Place(
        "crudctl.verify.commands", "verify",
        "Prove what is deployed: compare what an environment does with what this project and AWS's documentation promise.",
    ),
}  # fmt: skip


@click.group(cls=Commands, places=COMMANDS, context_settings=FULL_WIDTH)
@click.version_option(package_name="crudctl")
def main() -> None:
    """Run, inspect and deploy the API of contract/openapi.yaml.

    The local stack is the default; its data is in the project's .local folder. Exit codes: 0 success, 1 failure (the message
    says what to do), 2 a release was rolled back.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):  # as for Ctrl-C, the work under way is ended in order
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup
            signal.signal(number, lambda number, _: sys.exit(128 + number))


if __name__ == "__main__":
    main()
