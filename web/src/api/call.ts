/** A call that the page made, and the curl command that repeats it. Knows no fetch. */

export interface Call {
  /** 1 for the first call of the page, in the order of sending. */
  number: number;
  /** `list`, `new`, `reference`, or the resource's id. */
  about: string;
  method: string;
  url: string;
  /** Without `Authorization`, which every call has. */
  headers: Record<string, string>;
  body: string | null;
  /** Of the response; null until it arrives. */
  status: number | null;
  etag: string | null;
  replayed: boolean;
  milliseconds: number | null;
}

/** Return a curl command for a POSIX shell. Without a token, it reads the shell variable TOKEN. */
export function curl(call: Pick<Call, 'method' | 'url' | 'headers' | 'body'>, token: string | null): string {
  const authorization = `Authorization: Bearer ${token ?? '$TOKEN'}`;
  const parts = [`curl -i${call.method === 'GET' ? '' : ` -X ${call.method}`} ${quote(call.url)}`];
  parts.push(token === null ? `-H "${authorization}"` : `-H ${quote(authorization)}`);
  for (const [name, value] of Object.entries(call.headers)) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  if (call.body !== null) parts.push(`--data-raw ${quote(call.body)}`);
  return parts.join(' \\\n  ');
}

/** Quote for a POSIX shell: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_02_02 */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
