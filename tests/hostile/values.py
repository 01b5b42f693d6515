"""Hostile values: of ids, parameters, headers and JSON. They know no operation; `inputs` puts them into requests."""

from __future__ import annotations

from typing import NamedTuple

INJECTIONS = (
    "' OR '1'='1", "1; DROP TABLE x", "${jndi:ldap://127.0.0.1:9/x}", "{{7*7}}", "<script>alert(1)</script>", "$(id)",
    "`id`", "%s%n%x",
    "() { :; }; id", "../../../../etc/passwd", "..\\..\\windows", "file:///etc/passwd", "__proto__", "constructor",
    "toString",
    "__class__", "undefined", "null", "NaN", "-1", "0", "1e309", "*", "?", "#owner", ":owner", "a&b=c", "a=b", "&lt;",
    "\u202egnp.exe",
    "\u200b", "\ufeff", "ﬁ", "İ", "e\u0301" * 50, "😀" * 40, "𝒳", "\U0010ffff", "\ufdd0", "\u2028",
)  # fmt: skip
# Percent-encoded, as the value of a path or query parameter. None is valid UTF-8 without a control character.
UNDECODABLE = (
    "%00",
    "a%00b",
    "%0d%0aX-Injected:%201",
    "%ff",
    "%c0%ae%c0%ae",
    "%ed%a0%80",
    "%f4%90%80%80",
    "%zz",
    "%",
    "%u0041",
    "%2",
)
TRAVERSALS = (
    "%2e%2e",
    "%2f",
    "..%2f..%2f",
    "%5c",
    "%252e%252e",
    ";jsessionid=1",
    "x;y",
    "x%3by",
    "%23",
    "a%23b",
    "%20",
    "%09",
    "x%20",
    "%7f",
)
INTEGERS = (
    "", " ", "1 ", "+1", "-1", "0", "-0", "00", "1.0", "1e1", "0x10", "0b1", "1_0", "１", "٣", "²", "NaN", "Infinity",
    "null", "true",
    "[1]", "1,2", "1;2", "\0", "1\n", "9" * 18, "9" * 19, "9" * 400, "-" + "9" * 30, "1/1", "--1",
)  # fmt: skip
BOOLEANS = (
    "",
    " ",
    "TRUE",
    "True",
    "1",
    "0",
    "yes",
    "on",
    "null",
    "true ",
    "truefalse",
    "true,false",
    "\0",
    "[true]",
    "t",
    "ｔｒｕｅ",
)
TEXTS = ("", " ", "\0", "a b", "ASC", "asc ", "asc,desc", "[]", "{}", "\ufffd", "x" * 500, *INJECTIONS[:12])
TAGS = (
    "", "3", '"', '""', '"3', '3"', "'3'", "W/", 'W/"3"', 'w/"3"', '"3", ', ', "3"', '"3" "4"', '"3";"4"', "**", "*, *",
    '*, "3"', '"*"',
    '"0"', '"-1"', '"1.0"', '"01"', '"9999999999999999999"', '"' + "9" * 190 + '"', '"' + "9" * 300 + '"',
    ", ".join(['"1"'] * 40),
    '"a b"', '"\\""', '"\u00e4"', '"😀"', '"\x7f"', '"1"\t', '"null"', '"__proto__"', ",,,,",
)  # fmt: skip
KEYS = (
    "", " ", '"', '""', '"k', 'k"', '"a b"', '"a\\"b"', '"\\"', '"a\\b"', "a b", "a\tb", "x" * 255, "x" * 256, "x" * 4000,
    "ä", "😀", "\x7f", "a,b",
    "a, b", "?1", ":aGk=:", "1", "*", "..", "key:x:y:", "\u202ex",
)  # fmt: skip
MEDIA_TYPES = (
    "", " ", "json", "application", "application/", "/json", "application/*", "*/*", "text/plain", "text/html", "text/xml",
    "application/xml",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream",
    "application/json-patch+json",
    "application/problem+json", "application/ld+json", "application/jsonp", "application/json, text/html",
    "application/json/x",
    "application/json; charset=utf-16", "application/json; charset=utf-7", "application/json; charset=latin1",
    "application/json; charset=",
    "application/json;charset=utf-8;charset=utf-16", "application/\u0458son", "application/json\u200b",
    "application/msgpack",
    "application/vnd.api+json", "application/x-yaml", "image/png", "null", "x" * 4000,
)  # fmt: skip
CODINGS = (
    "gzip",
    "br",
    "deflate",
    "compress",
    "zstd",
    "gzip, gzip",
    "identity, gzip",
    "x",
    "chunked",
    "*",
    "gzip;q=1",
)
# Headers that must not change what a request means.
IGNORED = (
    ("X-HTTP-Method-Override", "DELETE"), ("X-HTTP-Method", "DELETE"), ("X-Method-Override", "PUT"),
    ("X-Original-URL", "/admin"),
    ("X-Rewrite-URL", "/admin"), ("X-Forwarded-For", "127.0.0.1, ::1"), ("X-Forwarded-For", "x" * 2000),
    ("X-Forwarded-For", "\u00e4"),
    ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "gopher"), ("X-Forwarded-Prefix", "//evil.example"),
    ("X-Real-IP", "\t"),
    ("Forwarded", 'for="[::1"'), ("Origin", "null"), ("Origin", "https://evil.example"), ("Referer", "javascript:alert(1)"),
    ("Accept", "application/xml"), ("Accept", "*/*;q=x"), ("Accept", "," * 500), ("Accept-Encoding", "gzip;q=0, *;q=0"),
    ("Accept-Language", "../x"),
    ("Accept-Charset", "utf-7"), ("Range", "bytes=0-0"), ("Range", "bytes=" + "0-,1-," * 300), ("If-Modified-Since", "x"),
    ("If-Range", '"1"'),
    ("If-Unmodified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"), ("Cookie", "a=b; " * 400), ("User-Agent", "() { :; }; id"),
    ("User-Agent", ""),
    ("User-Agent", "${jndi:ldap://127.0.0.1:9/x}"), ("User-Agent", "\x1b[31m"), ("TE", "trailers, gzip"),
    ("Via", "1.1 x, " * 100), ("Max-Forwards", "0"),
    ("X-Correlation-Id", "x" * 129), ("X-Correlation-Id", "a b"), ("X-Correlation-Id", "\u00e4"),
    ("X-Correlation-Id", '"}\\n{"status":200'),
    ("X-Correlation-Id", "<script>"), ("traceparent", "00-" + "0" * 32 + "-" + "0" * 16 + "-00"),
    ("traceparent", "ff-" + "a" * 32 + "-" + "a" * 16 + "-01"),
    ("traceparent", "x" * 2000), ("tracestate", "a=b," * 500), ("X-Amzn-Trace-Id", "Root=x;Parent=;Sampled=9"),
    ("X-Amzn-Trace-Id", "\u00e4"),
    ("X-Amzn-RequestId", "mine"), ("X-Amz-Target", "DynamoDB_20120810.Scan"), ("X-Amz-Date", "x"),
    ("X-Amz-Security-Token", "x"),
    ("X-Amz-Invocation-Type", "Event"), ("X-Amz-Log-Type", "Tail"), ("X-Amz-Client-Context", "e30="),
    ("X-Amz-Content-Sha256", "x"),
    ("X-Api-Key", "test"), ("X-Amzn-Apigateway-Api-Id", "x"), ("Idempotent-Replayed", "true"),
    ("Location", "//evil.example"), ("Access-Control-Request-Method", "PUT"),
    ("Early-Data", "1"), ("Sec-Fetch-Site", "cross-site"), ("X-Empty", ""), ("X-" + "a" * 200, "x"), ("X-Long", "x" * 7000),
)  # fmt: skip


class Json(NamedTuple):
    """A JSON text. `refused`: wherever it stands, the service must refuse it; None if that depends on the schema there."""

    name: str
    text: str
    refused: bool | None = None


def arrays(levels: int) -> str:
    return "[" * levels + "]" * levels


def objects(levels: int, name: str = "a", inner: str = "1") -> str:
    return f'{{"{name}":' * levels + inner + "}" * levels


VALUES = (
    *(Json(text, text) for text in ("null", "true", "0", "-1", "-0", "1.5", "-0.0", "1E+2", '""', '"text"', "[]", "[null]",
    "[[]]", "{}", "[{}]")),
    *(Json(name, f'"{text}"', True) for name, text in (("a high surrogate", "\\ud800"), ("a low surrogate", "x\\udfff"),
                                                          ("surrogates in the wrong order", "\\udc00\\ud800"))),
    *(Json(name, f'"{text}"') for name,
    text in (("NUL", "\\u0000"), ("a bell", "\\u0007"), ("right to left", "\\u202egnp"), ("a noncharacter", "\\uffff"),
      ("a pair of surrogates", "\\ud83d\\ude00"), ("markup", "<img src=x onerror=alert(1)>"),
      ("a formula", "=cmd|' /C calc'!A0"), ("a bomb for patterns", "a" * 3000 + "!"))),
    *(Json(f"{name} as a property's name", f'{{"{name}":1}}') for name in ("__proto__", "constructor", "$where", "",
    "\\u0000", "a/b~c")),
    Json("nested prototypes", '{"__proto__":{"__proto__":{"admin":true}}}'),
    Json("a surrogate as a property's name", '{"\\ud800":"x"}', True),
    Json("a surrogate as the name of what is removed", '{"\\udfff":null}', True),
    Json("a property twice", '{"a":"1","\\u0061":"2"}', True),
    Json("a property's name of 10,000 characters", f'{{"{"n" * 10_000}":"x"}}'),
    *(Json(f"{text[:12]} as a number", text, True) for text in ("1e400", "-1e400", "1e126", "1e99999999999999999999",
    "1" * 39, "9" * 5000, "0." + "1" * 60)),
    *(Json(f"{text} as a number", text) for text in ("1e-129", "9007199254740993", "1" * 38, "1e37")),
    *(Json(f"arrays nested {levels:,} deep", arrays(levels), True) for levels in (40, 1000, 9500, 40_000)),
    *(Json(f"objects nested {levels:,} deep", objects(levels), True) for levels in (40, 1000, 9500)),
    *(Json(f"removals nested {levels:,} deep", objects(levels, inner="null"), True) for levels in (1000, 9500)),
    Json("objects and arrays nested 4,000 deep", '[{"a":' * 2000 + "1" + "}]" * 2000, True),
    Json("text of 100,000 characters", f'"{"x" * 100_000}"'),
    Json("10,000 entries", "[" + ",".join(["1"] * 10_000) + "]"),
    Json("5,000 properties", "{" + ",".join(f'"n{number}":"x"' for number in range(5000)) + "}"),
    Json("1,000 faults with long pointers", "{" + ",".join(f'"{"p" * 90}{number}":[[1]]' for number in range(1000)) + "}"),
)  # fmt: skip
# Names of properties at the top of a body, as they are written in JSON.
NAMES = (
    "__proto__", "constructor", "toString", "hasOwnProperty", "__class__", "", " ", "\\u0000", "\\ud800", "\\udfff",
    "\\u202eeman", "\\u200b", "$where", "$ref",
    "a/b~c", "..", "<script>", "n" * 10_000, "owner", "owner_id", "fingerprint", "receipt", "deleted_at", "expires_at",
    "#owner", ":one", "id#", "sub", "scope",
    "isAdmin", "ttl", "\\ufffd", "ﬁ", "e\\u0301",
)  # fmt: skip
# Bodies that are no JSON object, or not in UTF-8; all are refused. `%s` is a valid one.
BODIES: tuple[tuple[str, bytes], ...] = (
    ("nothing", b""), ("spaces", b" \t\r\n "), ("a brace", b"{"), ("a bracket", b"["), ("a quote", b'"'),
    ("half a literal", b"nul"), ("a comma", b","), ("NUL", b"\0"),
    ("NULs", b"\0" * 1000), ("NUL behind it", b"%s\0"), ("a byte order mark", b"\xef\xbb\xbf%s"),
    ("two documents", b"%s%s"), ("lines", b"%s\n%s"),
    ("a record separator", b"\x1e%s\n"), ("a prefix against hijacking", b")]}',\n%s"), ("a callback", b"callback(%s)"),
    ("a comment", b"/* x */%s"),
    ("a comment behind it", b"%s// x"), ("single quotes", b"{'a':'b'}"), ("no quotes", b"{a:1}"),
    ("a trailing comma", b'{"a":1,}'), ("only a comma", b"{,}"),
    ("no colon", b'{"a" 1}'), ("no value", b'{"a":}'), ("a name that is a number", b'{1:"a"}'), ("NaN", b'{"a":NaN}'),
    ("Infinity", b'{"a":-Infinity}'),
    ("hexadecimal", b'{"a":0x1}'), ("a leading zero", b'{"a":01}'), ("a leading plus", b'{"a":+1}'),
    ("a leading point", b'{"a":.5}'), ("a trailing point", b'{"a":1.}'),
    ("half an exponent", b'{"a":1e}'), ("half an escape", b'{"a":"\\u12"}'), ("an unknown escape", b'{"a":"\\x41"}'),
    ("a raw newline", b'{"a":"\n"}'),
    ("a raw control character", b'{"a":"\x01"}'), ("bytes that are no UTF-8", b'{"a":"\xff\xfe"}'),
    ("an overlong slash", b'{"a":"\xc0\xaf"}'),
    ("a surrogate in UTF-8", b'{"a":"\xed\xa0\x80"}'), ("beyond Unicode", b'{"a":"\xf4\x90\x80\x80"}'),
    ("Latin-1", b'{"a":"\xe4"}'), ("half a character", b'{"a":"\xf0\x9f\x98"}'),
    ("UTF-16", '{"a":1}'.encode("utf-16")), ("UTF-16 without a mark", '{"a":1}'.encode("utf-16-le")),
    ("UTF-32", '{"a":1}'.encode("utf-32")), ("UTF-7", b"+AHs-+ACI-a+ACI-:1+AH0-"),
    ("null", b"null"), ("true", b"true"), ("a number", b"1"), ("text", b'"text"'), ("an array", b"[]"),
    ("an array of one", b"[%s]"), ("a very large number", b"9" * 100_000),
    ("a form", b"a=b&c=d"), ("multipart", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nb\r\n--x--'),
    ("XML", b'<?xml version="1.0"?><a/>'),
    ("an external entity", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'),
    ("YAML", b"a: !!python/object/apply:os.system [id]"), ("a pickle", b"cos\nsystem\n(S'id'\ntR."),
    ("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"), ("MessagePack", b"\x81\xa1a\x01"), ("CBOR", b"\xa1aa\x01"),
    ("base64", b"eyJhIjoxfQ=="), ("GraphQL", b"{ items { id } }"),
    ("a proxy's response", b'{"statusCode":200,"body":"x"}'),
    ("an event", b'{"requestContext":{"authorizer":{"claims":{"sub":"x"}}}}'),
    *((f"brackets {count:,} deep, open", b"[" * count) for count in (1000, 100_000)),
    *((f"braces {count:,} deep, open", b'{"a":' * count) for count in (1000, 20_000)),
    ("brackets 60,000 deep", b"[" * 60_000 + b"]" * 60_000), ("129 KB", b'{"a":"' + b"x" * 132_000 + b'"}'),
    ("1 MB", b'{"a":"' + b"x" * 1_000_000 + b'"}'),
    ("1 MB of spaces", b" " * 1_000_000 + b"%s"), ("100,000 quotes", b'"' * 100_000),
    ("100,000 backslashes", b'{"a":"' + b"\\" * 100_001 + b'"}'),
)  # fmt: skip
