"""Where an implementation does other than AWS documents, which decides: the test that shows it, expected to fail there.

    implementation, test -> what it does, what AWS does, and the page

A test that passes in spite of its row fails the suite, so no row is stale; one that would fail only sometimes is not run.
What this project adds to MiniStack is in docs/parity.md, and what the tests add to dynalite in tests/oracles/dynalite.cjs.
"""

from __future__ import annotations

from typing import NamedTuple

GUIDE = "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
NAMES = f"{GUIDE}HowItWorks.NamingRulesDataTypes.html"
LIMITS = f"{GUIDE}Constraints.html"
ERRORS = "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/CommonErrors.html"


class Difference(NamedTuple):
    """Both in a few words; `page` is AWS's."""

    here: str
    aws: str
    page: str
    sometimes: bool = False


EMPTY_NAME = Difference(
    "an attribute may have an empty name",
    "a name has at least one character; the service lets nobody use another",
    NAMES,
)
ANY_DEPTH = Difference("an attribute may be nested to any depth", "32 levels; the service allows 30", LIMITS)

DIFFERENCES = {
    ("ministack", "test_an_empty_name_is_refused"): EMPTY_NAME,
    ("moto", "test_an_empty_name_is_refused"): EMPTY_NAME,
    ("dynalite", "test_an_empty_name_is_refused"): EMPTY_NAME,
    ("moto", "test_an_attribute_nested_33_levels_deep_is_refused"): ANY_DEPTH,
    ("dynalite", "test_an_attribute_nested_33_levels_deep_is_refused"): ANY_DEPTH,
    ("moto", "test_a_number_that_cannot_be_kept_exactly_is_refused"): Difference(
        "a number may be any text",
        "38 digits, and up to 9.9E125; the client refuses others before",
        f"{LIMITS}#limits-data-types",
    ),
    ("moto", "test_an_unknown_action_keeps_the_error_code_of_aws"): Difference(
        "an action that does not exist is a 500", "400 with a code", ERRORS
    ),
    ("moto", "test_an_update_that_names_500_fields_is_applied"): Difference(
        "an expression of more than about 200 parts is a 500, because its parser recurses",
        "4,096 bytes, whatever the number of parts",
        f"{LIMITS}#limits-expression-parameters",
    ),
    ("moto", "test_a_resource_that_would_outgrow_the_table_is_refused_and_stays"): Difference(
        "an update that is refused for its size was applied",
        "a refused update changes nothing",
        "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html",
    ),
    ("moto", "test_one_of_eight_writers_of_a_version_succeeds"): Difference(
        "a condition is checked and its write made in two steps, so that two concurrent writers succeed",
        "a conditional write is one step",
        f"{GUIDE}WorkingWithItems.html#WorkingWithItems.ConditionalUpdate",
        sometimes=True,
    ),
}
