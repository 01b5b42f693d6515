"""Which words can name a resource and a service, in which forms they are written, and with which article."""

from __future__ import annotations

import pytest

from crudctl.console import Failed
from crudctl.new import words

REGIONS = ("eu-west-1", "eu-west-2", "us-east-1")


@pytest.mark.parametrize("given", ["stock item", "stock-item", "stock_item", "StockItem", " Stock Item "])
def test_a_resource_of_two_words_has_every_form(given: str) -> None:
    found = words.chosen(given, None)
    assert (found.singular, found.plural) == ("stock item", "stock items")
    assert (found.collection, found.page, found.schema) == ("stock-items", "stock_items", "StockItem")
    assert (found.snake, found.plural_snake, found.title) == ("stock_item", "stock_items", "Stock items")


@pytest.mark.parametrize(
    ("singular", "plural"),
    [("order", "orders"), ("box", "boxes"), ("category", "categories"), ("key", "keys"), ("address", "addresses")],
)
def test_a_regular_plural_need_not_be_given(singular: str, plural: str) -> None:
    assert words.chosen(singular, None).plural == plural


def test_an_irregular_plural_is_given() -> None:
    found = words.chosen("person", "people")
    assert (found.collection, found.page, found.title) == ("people", "people", "People")


def test_singular_and_plural_may_be_the_same() -> None:
    assert words.chosen("sheep", "sheep").collection == "sheep"


@pytest.mark.parametrize("word", ["release", "releases", "rollback", "id", "owner", "problem", "Page", "canary"])
def test_a_word_of_the_service_itself_is_refused(word: str) -> None:
    with pytest.raises(Failed, match=f"The service itself uses the word '{word.lower()}'"):
        words.chosen(word, None)


@pytest.mark.parametrize(
    ("singular", "plural"), [("user", None), ("table", None), ("key", "ring"), ("person", "users")]
)
def test_texts_about_an_ordinary_word_are_not_rewritten(singular: str, plural: str | None) -> None:
    with pytest.raises(
        Failed, match=f"resource, {singular}, is also an ordinary word of its documentation, so its texts"
    ):
        words.check_base(words.chosen(singular, plural))


def test_texts_about_a_word_that_is_its_own_plural_are_not_rewritten() -> None:
    with pytest.raises(Failed, match="resource, news, has the same word for one and for many, so its texts cannot be"):
        words.check_base(words.chosen("news", "news"))


@pytest.mark.parametrize(
    ("singular", "plural"), [("item", None), ("order", None), ("person", "people"), ("user role", None)]
)
def test_texts_about_other_words_are_rewritten(singular: str, plural: str | None) -> None:
    words.check_base(words.chosen(singular, plural))


@pytest.mark.parametrize("word", ["", "-", "1st", "café", "a/b", "order;", "order\nline", "{order}", "stock  1"])
def test_a_word_that_is_no_name_is_refused(word: str) -> None:
    with pytest.raises(Failed, match="cannot name a resource"):
        words.chosen(word, None)


def test_a_word_that_is_too_long_for_a_function_is_refused() -> None:
    words.chosen("purchase order position", None)
    with pytest.raises(Failed, match="would have 33 characters; 32 are allowed"):
        words.chosen("purchase order position st", None)


def test_the_service_is_named_like_the_collection_unless_a_name_is_given() -> None:
    order = words.chosen("order", None)
    assert words.service_name(None, order) == "orders"
    assert words.service_name("shop-orders", order) == "shop-orders"


@pytest.mark.parametrize("name", ["Orders", "1orders", "orders-", "or", "o" * 21, "shop orders", "shop_orders"])
def test_a_name_that_terraform_would_refuse_is_refused(name: str) -> None:
    with pytest.raises(Failed, match="must have 3 to 20 lower-case letters, digits and hyphens"):
        words.service_name(name, words.chosen("order", None))


@pytest.mark.parametrize("name", ["aws-orders", "my-amazon", "cognito"])
def test_a_name_that_aws_reserves_is_refused(name: str) -> None:
    with pytest.raises(Failed, match="which AWS reserves"):
        words.service_name(name, words.chosen("order", None))


def test_a_region_that_aws_does_not_have_is_refused_with_those_nearby() -> None:
    assert words.region("eu-west-1", REGIONS) == "eu-west-1"
    with pytest.raises(Failed) as refused:
        words.region("eu-west-9", REGIONS)
    assert refused.value.hint == "Choose one of: eu-west-1, eu-west-2."


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("order", "an"), ("item", "an"), ("person", "a"), ("stock item", "a"), ("hour", "an"), ("house", "a"),
        ("user", "a"), ("unit", "a"), ("uncle", "an"), ("unimportant thing", "an"), ("umbrella", "an"), ("x-ray", "an"),
        ("sms", "an"), ("pdf", "a"), ("one-off", "a"), ("yacht", "a"), ("event", "an"), ("european", "a"),
        ("url", "a"), ("uuid", "a"), ("ukulele", "a"), ("utensil", "a"), ("utter", "an"), ("urn", "an"), ("upload", "an"),
        ("usher", "an"), ("ngo", "an"), ("faq entry", "an"), ("mango", "a"),
    ],
)  # fmt: skip
def test_the_article_follows_the_sound(word: str, expected: str) -> None:
    assert words.article(word) == expected
