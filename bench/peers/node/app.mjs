// Node with AWS's SDK v3 and its document client: a plain handler, validated by hand, bundled by esbuild; one function for all.
import { createHash, randomUUID } from "node:crypto";
import { ConditionalCheckFailedException, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from "@aws-sdk/lib-dynamodb";
import { unmarshall } from "@aws-sdk/util-dynamodb";

const { TABLE_NAME, INDEX_NAME, METRIC_NAMESPACE } = process.env;
const CLIENTS = process.env.CLIENT_IDS.split(",");
const FIELDS = ["name", "description", "quantity", "tags", "attributes"];
const SYSTEM = ["id", "version", "created_at", "updated_at"];
const TRASH_DAYS = 30;
const documents = DynamoDBDocumentClient.from(new DynamoDBClient({}));

class Problem extends Error {
  constructor(status, kind, title, detail, more = {}) {
    super(detail);
    this.status = status;
    this.document = { type: `urn:items:problem:${kind}`, title, status, detail, ...more };
  }
}
const invalid = (errors) =>
  new Problem(400, "invalid-request", "Invalid request", "The request is invalid; see errors.", { errors });
const notFound = () => new Problem(404, "not-found", "Not found", "There is no such item.");
const keyReused = () =>
  new Problem(422, "idempotency-key-reused", "Idempotency key reused", "This Idempotency-Key was used for a different request.");

const isText = (value, least, most) => typeof value === "string" && value.length >= least && value.length <= most;
const RULES = {
  name: [(value) => isText(value, 1, 200), "must be a string of 1 to 200 characters"],
  description: [(value) => isText(value, 0, 2000), "must be a string of at most 2000 characters"],
  quantity: [(value) => Number.isSafeInteger(value) && value >= 0, "must be an integer from 0"],
  tags: [
    (value) =>
      Array.isArray(value) && value.length <= 20 && value.every((tag) => isText(tag, 1, 50)) && new Set(value).size === value.length,
    "must be at most 20 different strings",
  ],
  attributes: [
    (value) =>
      value !== null && typeof value === "object" && !Array.isArray(value) && Object.keys(value).length <= 50 &&
      Object.entries(value).every(([key, each]) => isText(key, 1, 255) && isText(each, 0, 200)),
    "must be at most 50 pairs of strings",
  ],
};

function faults(body, patch) {
  const found = [];
  for (const [name, value] of Object.entries(body)) {
    if (!Object.hasOwn(RULES, name)) found.push({ pointer: `/${name}`, detail: "is not a known property" });
    else if (!(patch && value === null && name !== "name") && !RULES[name][0](value))
      found.push({ pointer: `/${name}`, detail: RULES[name][1] });
  }
  if (!patch && !Object.hasOwn(body, "name")) found.push({ pointer: "/name", detail: "is required" });
  return found;
}

function asked(event) {
  const { claims } = event.requestContext.authorizer;
  const headers = Object.fromEntries(Object.entries(event.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  if (!CLIENTS.includes(claims.client_id))
    throw new Problem(403, "forbidden", "Forbidden", "The token was issued to another app client.");
  const needed = event.httpMethod === "GET" ? "items/read" : "items/write";
  if (!(claims.scope ?? "").split(" ").includes(needed))
    throw new Problem(403, "insufficient-scope", "Insufficient scope", `This operation needs the scope ${needed}.`);
  const id = event.pathParameters?.id;
  return { headers, id, owner: claims.sub, key: { id: `${claims.sub}#${id}` }, query: event.queryStringParameters ?? {}, now: new Date().toISOString() };
}

function bodyOf(event, request, patch) {
  if (!/^application\/(merge-patch\+)?json\b/.test(request.headers["content-type"] ?? ""))
    throw new Problem(415, "unsupported-media-type", "Unsupported media type", "Send Content-Type: application/json.");
  let value;
  try {
    value = JSON.parse(event.body ?? "");
  } catch {
    throw invalid([{ pointer: "", detail: "must be JSON" }]);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw invalid([{ pointer: "", detail: "must be an object" }]);
  const body = Object.fromEntries(Object.entries(value).filter(([name]) => !SYSTEM.includes(name)));
  const found = faults(body, patch);
  if (found.length) throw invalid(found);
  return body;
}

function idempotencyKey(request) {
  const key = request.headers["idempotency-key"];
  if (key !== undefined && !/^[!-~]{1,255}$/.test(key))
    throw invalid([{ parameter: "Idempotency-Key", detail: "must have 1 to 255 visible characters" }]);
  return key;
}

const shown = (stored) => {
  const system = { id: stored.id.slice(stored.id.lastIndexOf("#") + 1), version: stored.version, created_at: stored.created_at, updated_at: stored.updated_at };
  for (const name of FIELDS) if (name in stored) system[name] = stored[name];
  return system;
};
const respond = (status, value, headers = {}) => ({ status, body: value === undefined ? "" : JSON.stringify(value), headers });
const respondItem = (status, stored, headers = {}) => respond(status, shown(stored), { ETag: `"${stored.version}"`, ...headers });

function keyed(owner, key) {
  const hex = createHash("sha256").update(`${owner}\0${key}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

async function create(request, event) {
  const key = idempotencyKey(request);
  const body = bodyOf(event, request, false);
  const id = key ? keyed(request.owner, key) : randomUUID();
  const sorted = Object.fromEntries(Object.entries(body).sort());
  const item = {
    id: `${request.owner}#${id}`, owner: request.owner, version: 1, created_at: request.now, updated_at: request.now,
    fingerprint: createHash("sha256").update(JSON.stringify(sorted)).digest("hex").slice(0, 32), ...body,
  };
  let stored = item;
  try {
    await documents.send(new PutCommand({
      TableName: TABLE_NAME, Item: item, ConditionExpression: "attribute_not_exists(id)",
      ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }));
  } catch (error) {
    stored = existing(error);
    if (stored?.fingerprint !== item.fingerprint) throw keyReused();
  }
  return respondItem(201, stored, { Location: `items/${stored.id.slice(stored.id.lastIndexOf("#") + 1)}` });
}

function existing(error) {
  if (!(error instanceof ConditionalCheckFailedException)) throw error;
  return error.Item ? unmarshall(error.Item) : undefined;
}

async function get(request) {
  const { Item: stored } = await documents.send(new GetCommand({ TableName: TABLE_NAME, Key: request.key, ConsistentRead: true }));
  if (!stored || "deleted_at" in stored) throw notFound();
  if (request.headers["if-none-match"] === `"${stored.version}"`) return respond(304, undefined, { ETag: `"${stored.version}"` });
  return respondItem(200, stored);
}

async function write(request, UpdateExpression, names, values, ReturnValues) {
  let condition = "attribute_exists(#version) AND attribute_not_exists(#deleted)";
  const match = request.headers["if-match"]?.trim();
  if (match !== undefined && match !== "*") {
    values[":match"] = Number(/^"([1-9][0-9]{0,15})"$/.exec(match)?.[1] ?? 0);
    condition += " AND #version = :match";
  }
  try {
    return await documents.send(new UpdateCommand({
      TableName: TABLE_NAME, Key: request.key, UpdateExpression, ConditionExpression: condition,
      ExpressionAttributeNames: { "#version": "version", "#deleted": "deleted_at", ...names }, ExpressionAttributeValues: values,
      ReturnValues, ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    }));
  } catch (error) {
    const stored = existing(error);
    if (!stored || "deleted_at" in stored) throw notFound();
    throw new Problem(412, "version-conflict", "Version conflict",
      "The item has changed. Read it again and repeat the change on that version.", { current_version: stored.version });
  }
}

async function update(request, event) {
  const names = { "#updated": "updated_at" }, values = { ":one": 1, ":now": request.now };
  const sets = ["#version = #version + :one", "#updated = :now"], removes = [];
  Object.entries(bodyOf(event, request, true)).forEach(([name, value], number) => {
    names[`#f${number}`] = name;
    if (value === null) return removes.push(`#f${number}`);
    values[`:f${number}`] = value;
    return sets.push(`#f${number} = :f${number}`);
  });
  const expression = `SET ${sets.join(", ")}${removes.length ? ` REMOVE ${removes.join(", ")}` : ""}`;
  return respondItem(200, (await write(request, expression, names, values, "ALL_NEW")).Attributes);
}

async function remove(request) {
  const values = { ":now": request.now, ":expires": Math.floor(Date.now() / 1000) + TRASH_DAYS * 86400, ":owner": `${request.owner}#trash` };
  const expression = "SET #deleted = :now, #expires = :expires, #owner = :owner";
  await write(request, expression, { "#expires": "expires_at", "#owner": "owner" }, values, "NONE");
  return respond(204);
}

async function list(request) {
  const limit = Number(request.query.limit ?? 25), order = request.query.order ?? "asc";
  if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw invalid([{ parameter: "limit", detail: "must be from 1 to 100" }]);
  if (order !== "asc" && order !== "desc") throw invalid([{ parameter: "order", detail: "must be asc or desc" }]);
  const after = request.query.cursor ? Buffer.from(request.query.cursor, "base64url").toString().split("|") : undefined;
  if (after && after.length !== 2) throw invalid([{ parameter: "cursor", detail: "must be a next_cursor of this API" }]);
  const { Items: found } = await documents.send(new QueryCommand({
    TableName: TABLE_NAME, IndexName: INDEX_NAME, KeyConditionExpression: "#owner = :owner",
    ExpressionAttributeNames: { "#owner": "owner" }, ExpressionAttributeValues: { ":owner": request.owner },
    ScanIndexForward: order === "asc", Limit: limit + 1,
    ...(after ? { ExclusiveStartKey: { owner: request.owner, created_at: after[0], id: after[1] } } : {}),
  }));
  const stored = found.slice(0, limit), last = stored.at(-1);
  const cursor = found.length > limit ? Buffer.from(`${last.created_at}|${last.id}`).toString("base64url") : null;
  return respond(200, { items: stored.map(shown), next_cursor: cursor });
}

const OPERATIONS = {
  "POST /items": ["create_item", create],
  "GET /items": ["list_items", list],
  "GET /items/{id}": ["get_item", get],
  "PATCH /items/{id}": ["update_item", update],
  "DELETE /items/{id}": ["delete_item", remove],
};

export const handler = async (event, context) => {
  const started = performance.now(), timestamp = new Date().toISOString(), gateway = event.requestContext;
  const [operation, action] = OPERATIONS[`${gateway.httpMethod} ${gateway.resourcePath}`];
  let answer, failure;
  try {
    answer = await action(asked(event), event);
  } catch (raised) {
    failure = raised instanceof Problem ? undefined : raised;
    const document = failure ? { type: "urn:items:problem:internal-error", title: "Internal error", status: 500 } : raised.document;
    answer = respond(document.status, { ...document, request_id: gateway.requestId });
  }
  const { status, body } = answer;
  const correlation = Object.entries(event.headers ?? {}).find(([name]) => name.toLowerCase() === "x-correlation-id")?.[1] ?? gateway.requestId;
  const metric = { Namespace: METRIC_NAMESPACE, Dimensions: [["operation", "version"]], Metrics: [{ Name: "Faults", Unit: "Count" }] };
  process.stdout.write(`${JSON.stringify({
    ...(status >= 500 ? { _aws: { Timestamp: Date.now(), CloudWatchMetrics: [metric] }, Faults: 1 } : {}),
    timestamp, level: status >= 500 ? "ERROR" : "INFO", version: process.env.AWS_LAMBDA_FUNCTION_VERSION ?? "$LATEST", operation,
    method: gateway.httpMethod, status, duration_ms: Math.round((performance.now() - started) * 100) / 100,
    request_id: gateway.requestId, function_request_id: context.awsRequestId, correlation_id: correlation,
    trace_id: process.env._X_AMZN_TRACE_ID,
    owner_hash: createHash("sha256").update(gateway.authorizer.claims.sub).digest("hex").slice(0, 16),
    resource_id: event.pathParameters?.id, error: failure && String(failure),
  })}\n`);
  return {
    statusCode: status,
    headers: {
      "Access-Control-Allow-Origin": "*",
      "Access-Control-Expose-Headers": "ETag, Location, Link, X-Correlation-Id",
      "Cache-Control": status >= 400 ? "no-store" : "private, no-cache",
      "X-Content-Type-Options": "nosniff",
      "X-Correlation-Id": correlation,
      ...answer.headers,
      ...(body ? { "Content-Type": status >= 400 ? "application/problem+json" : "application/json" } : {}),
    },
    body,
  };
};
