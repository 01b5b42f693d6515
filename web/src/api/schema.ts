// Made from contract/openapi.yaml by `npm run types`; a test fails when it is stale.

export interface paths {
    "/items": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List your items, a page at a time
         * @description In order of creation. The list may lag a write by moments (it reads a global secondary index). A page may hold
         *     fewer than `limit` items when they are large; only `next_cursor` tells whether there are more.
         */
        get: operations["list_items"];
        put?: never;
        /**
         * Create an item
         * @description With an `Idempotency-Key`, sending the same request again answers the item that the first one made, with
         *     `Idempotent-Replayed: true`, and makes no second one. The key lives as long as the item.
         */
        post: operations["create_item"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/items/{id}": {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path: {
                /** @description The item's id. */
                id: components["parameters"]["ItemId"];
            };
            cookie?: never;
        };
        /** Read an item */
        get: operations["get_item"];
        /**
         * Replace an item's content
         * @description Content members that the body leaves out are removed. It does not create an item.
         */
        put: operations["update_item"];
        post?: never;
        /** Delete an item */
        delete: operations["delete_item"];
        options?: never;
        head?: never;
        /**
         * Change some of an item's content
         * @description A JSON Merge Patch ([RFC 7396](https://www.rfc-editor.org/rfc/rfc7396)): members replace, `null` removes, objects are
         *     merged member by member, arrays are replaced whole. The function `update_item` serves it.
         */
        patch: operations["patch_item"];
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * Format: uuid
         * @description The item's id.
         */
        Id: string;
        /** @description An item. Members marked `readOnly` are set by the service and refused in a request. */
        Item: {
            readonly id: components["schemas"]["Id"];
            /** @description 1 when created, one more with each change. */
            readonly version: number;
            /**
             * Format: date-time
             * @description When it was created, UTC.
             */
            readonly created_at: string;
            /**
             * Format: date-time
             * @description When it was last changed, UTC.
             */
            readonly updated_at: string;
            /**
             * Name
             * @description What it is called.
             */
            name: string;
            /**
             * Description
             * @description What there is to say about it.
             */
            description?: string;
            /**
             * Quantity
             * @description How many there are.
             */
            quantity?: number;
            /**
             * Tags
             * @description Words to find it by.
             */
            tags?: string[];
            /**
             * Attributes
             * @description Anything else, as pairs of strings. Names have 1 to 255 characters.
             */
            attributes?: {
                [key: string]: string;
            };
        };
        /**
         * @description Any of an item's content members, each optional and each under the rules of `Item`; `null` removes a member that
         *     is not required.
         */
        ItemPatch: {
            /**
             * Name
             * @description What it is called.
             */
            name?: string;
            /**
             * Description
             * @description What there is to say about it.
             */
            description?: string | null;
            /**
             * Quantity
             * @description How many there are.
             */
            quantity?: number | null;
            /**
             * Tags
             * @description Words to find it by.
             */
            tags?: string[] | null;
            /**
             * Attributes
             * @description Anything else, as pairs of strings. Names have 1 to 255 characters.
             */
            attributes?: {
                [key: string]: string | null;
            } | null;
        };
        ItemPage: {
            items: components["schemas"]["Item"][];
            /** @description Send it as `cursor` for the next page; `null` on the last one. */
            next_cursor: string | null;
        };
        /** @description Problem details, RFC 9457. */
        Problem: {
            /**
             * Format: uri-reference
             * @description What kind of problem; stable.
             */
            type: string;
            /** @description The kind of problem in words. */
            title: string;
            status: number;
            /** @description What is wrong with this request and what to do. */
            detail: string;
            /** @description Quote it when you ask for help. */
            request_id: string;
            /** @description On 400, every fault that was found. */
            errors?: components["schemas"]["Fault"][];
            /** @description On 412, the version the item has now. */
            current_version?: number;
        };
        Fault: {
            /** @description Where in the body, as a JSON Pointer (RFC 6901); empty for the whole body. */
            pointer?: string;
            /** @description Which parameter, if it is not in the body. */
            parameter?: string;
            /** @description What is wrong there. */
            detail: string;
        };
        /** @description An item. Members marked `readOnly` are set by the service and refused in a request. */
        ItemContent: {
            /**
             * Name
             * @description What it is called.
             */
            name: string;
            /**
             * Description
             * @description What there is to say about it.
             */
            description?: string;
            /**
             * Quantity
             * @description How many there are.
             */
            quantity?: number;
            /**
             * Tags
             * @description Words to find it by.
             */
            tags?: string[];
            /**
             * Attributes
             * @description Anything else, as pairs of strings. Names have 1 to 255 characters.
             */
            attributes?: {
                [key: string]: string;
            };
        };
    };
    responses: {
        /** @description The item as it is now. */
        ItemRead: {
            headers: {
                ETag: components["headers"]["ETag"];
                "X-Correlation-Id": components["headers"]["CorrelationId"];
                [name: string]: unknown;
            };
            content: {
                "application/json": components["schemas"]["Item"];
            };
        };
        /** @description The request is not valid; `errors` names every fault. */
        InvalidRequest: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:invalid-request",
                 *       "title": "Invalid request",
                 *       "status": 400,
                 *       "detail": "The request has 2 faults; see errors.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d",
                 *       "errors": [
                 *         {
                 *           "pointer": "/name",
                 *           "detail": "is required"
                 *         },
                 *         {
                 *           "pointer": "/quantity",
                 *           "detail": "must be at least 0"
                 *         }
                 *       ]
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no valid access token. */
        Unauthorized: {
            headers: {
                "WWW-Authenticate": components["headers"]["WWWAuthenticate"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:unauthorized",
                 *       "title": "Unauthorized",
                 *       "status": 401,
                 *       "detail": "Send a valid access token: Authorization: Bearer <access token>.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The token does not allow this. */
        Forbidden: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:forbidden",
                 *       "title": "Forbidden",
                 *       "status": 403,
                 *       "detail": "The token was issued to an app client that may not call this API.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description There is no such item among yours. */
        NotFound: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:not-found",
                 *       "title": "Not found",
                 *       "status": 404,
                 *       "detail": "There is no such item.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many changes of this item at once; try again. */
        Conflict: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:conflict",
                 *       "title": "Conflict",
                 *       "status": 409,
                 *       "detail": "The item kept changing while this request was applied. Nothing was changed; try again.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The item is no longer the one named in `If-Match`. */
        PreconditionFailed: {
            headers: {
                ETag: components["headers"]["ETag"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:version-conflict",
                 *       "title": "Version conflict",
                 *       "status": 412,
                 *       "detail": "The item has changed. Read it again and repeat the change on its current version.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d",
                 *       "current_version": 4
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is larger than 128 KiB, or the item would be larger than 400 KiB. */
        PayloadTooLarge: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:payload-too-large",
                 *       "title": "Payload too large",
                 *       "status": 413,
                 *       "detail": "The body, and the item it makes, must not be larger than 131072 bytes.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body's `Content-Type` is not the one this operation takes. */
        UnsupportedMediaType: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:unsupported-media-type",
                 *       "title": "Unsupported media type",
                 *       "status": 415,
                 *       "detail": "Send Content-Type: application/json.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description This `Idempotency-Key` was used for another body. */
        IdempotencyKeyReused: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:idempotency-key-reused",
                 *       "title": "Idempotency key reused",
                 *       "status": 422,
                 *       "detail": "This Idempotency-Key was used for another body. Use a fresh one for another item.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests; wait and try again. */
        TooManyRequests: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:too-many-requests",
                 *       "title": "Too many requests",
                 *       "status": 429,
                 *       "detail": "Wait as Retry-After says and try again.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A fault of the service. */
        InternalError: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:internal-error",
                 *       "title": "Internal error",
                 *       "status": 500,
                 *       "detail": "The service failed. Quote the request id when you report it.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The service cannot answer right now; try again. */
        Unavailable: {
            headers: {
                "Retry-After": components["headers"]["RetryAfter"];
                [name: string]: unknown;
            };
            content: {
                /**
                 * @example {
                 *       "type": "urn:items:problem:unavailable",
                 *       "title": "Unavailable",
                 *       "status": 503,
                 *       "detail": "The service cannot answer right now. Try again.",
                 *       "request_id": "6f0c2a52-6f0e-4a58-9d7c-6a3a8e1f3b0d"
                 *     }
                 */
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /** @description The item's id. */
        ItemId: components["schemas"]["Id"];
        /** @description At most this many items. */
        Limit: number;
        /** @description By time of creation, oldest first (`asc`) or newest first (`desc`). */
        Order: "asc" | "desc";
        /** @description The `next_cursor` of the page before, with the same `order`. It belongs to the caller it was given to. */
        Cursor: string;
        /**
         * @description Change the item only if this is still its `ETag` (or `*`, any).
         * @example "3"
         */
        IfMatch: string;
        /**
         * @description Answer 304 without a body if this is still the item's `ETag`.
         * @example "3"
         */
        IfNoneMatch: string;
        /**
         * @description A fresh random value for each item to be made, the same when a request is sent again.
         * @example 0b6c2f0e-9a1d-4d8c-8d39-2b1f0a6c7e55
         */
        IdempotencyKey: string;
        /**
         * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
         *     digits, dots, underscores and hyphens, the request id takes its place.
         * @example order-4711
         */
        CorrelationId: string;
    };
    requestBodies: never;
    headers: {
        /**
         * @description The item's version, as a strong entity tag.
         * @example "1"
         */
        ETag: string;
        /**
         * @description The item's address, relative to the request's.
         * @example items/5c0a7a3e-3b5f-4d0e-9f66-0b7e6a2f1c11
         */
        Location: string;
        /** @description The next page, `rel="next"`, when there is one. */
        Link: string;
        /** @description `true` when the item had been made by an earlier request with the same `Idempotency-Key`. */
        IdempotentReplayed: "true";
        /** @description The request's correlation id. */
        CorrelationId: string;
        /** @description Seconds to wait before trying again. */
        RetryAfter: number;
        /**
         * @description How to authenticate.
         * @example Bearer
         */
        WWWAuthenticate: string;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_items: {
        parameters: {
            query?: {
                /** @description At most this many items. */
                limit?: components["parameters"]["Limit"];
                /** @description By time of creation, oldest first (`asc`) or newest first (`desc`). */
                order?: components["parameters"]["Order"];
                /** @description The `next_cursor` of the page before, with the same `order`. It belongs to the caller it was given to. */
                cursor?: components["parameters"]["Cursor"];
            };
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of items. */
            200: {
                headers: {
                    Link: components["headers"]["Link"];
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ItemPage"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    create_item: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description A fresh random value for each item to be made, the same when a request is sent again.
                 * @example 0b6c2f0e-9a1d-4d8c-8d39-2b1f0a6c7e55
                 */
                "Idempotency-Key"?: components["parameters"]["IdempotencyKey"];
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Item"];
            };
        };
        responses: {
            /** @description The item was created, or had been by an earlier request with the same key. */
            201: {
                headers: {
                    Location: components["headers"]["Location"];
                    ETag: components["headers"]["ETag"];
                    "Idempotent-Replayed": components["headers"]["IdempotentReplayed"];
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Item"];
                };
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            422: components["responses"]["IdempotencyKeyReused"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    get_item: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
                /**
                 * @description Answer 304 without a body if this is still the item's `ETag`.
                 * @example "3"
                 */
                "If-None-Match"?: components["parameters"]["IfNoneMatch"];
            };
            path: {
                /** @description The item's id. */
                id: components["parameters"]["ItemId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            200: components["responses"]["ItemRead"];
            /** @description The item is still the one named in `If-None-Match`. */
            304: {
                headers: {
                    ETag: components["headers"]["ETag"];
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    update_item: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
                /**
                 * @description Change the item only if this is still its `ETag` (or `*`, any).
                 * @example "3"
                 */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                /** @description The item's id. */
                id: components["parameters"]["ItemId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Item"];
            };
        };
        responses: {
            200: components["responses"]["ItemRead"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    delete_item: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
                /**
                 * @description Change the item only if this is still its `ETag` (or `*`, any).
                 * @example "3"
                 */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                /** @description The item's id. */
                id: components["parameters"]["ItemId"];
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The item is gone. */
            204: {
                headers: {
                    "X-Correlation-Id": components["headers"]["CorrelationId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
    patch_item: {
        parameters: {
            query?: never;
            header?: {
                /**
                 * @description An id of yours for this request; it is logged and sent back. Without one, or with one that is not of 1 to 128 letters,
                 *     digits, dots, underscores and hyphens, the request id takes its place.
                 * @example order-4711
                 */
                "X-Correlation-Id"?: components["parameters"]["CorrelationId"];
                /**
                 * @description Change the item only if this is still its `ETag` (or `*`, any).
                 * @example "3"
                 */
                "If-Match"?: components["parameters"]["IfMatch"];
            };
            path: {
                /** @description The item's id. */
                id: components["parameters"]["ItemId"];
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/merge-patch+json": components["schemas"]["ItemPatch"];
            };
        };
        responses: {
            200: components["responses"]["ItemRead"];
            400: components["responses"]["InvalidRequest"];
            401: components["responses"]["Unauthorized"];
            403: components["responses"]["Forbidden"];
            404: components["responses"]["NotFound"];
            409: components["responses"]["Conflict"];
            412: components["responses"]["PreconditionFailed"];
            413: components["responses"]["PayloadTooLarge"];
            415: components["responses"]["UnsupportedMediaType"];
            429: components["responses"]["TooManyRequests"];
            500: components["responses"]["InternalError"];
            503: components["responses"]["Unavailable"];
        };
    };
}
