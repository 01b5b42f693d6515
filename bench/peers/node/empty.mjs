// The floor: a handler that does nothing.
export const handler = async () => ({ statusCode: 204, headers: {}, body: "" });
