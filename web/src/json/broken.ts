/** Where a text is not JSON, in words for people. Knows the messages of lossless-json, and shows none of them. */

/** Return what is wrong, after "must be JSON: ", for the SyntaxError that `parse` threw for the text. */
export function brokenAt(text: string, { message }: SyntaxError): string {
  const twice = /^Duplicate key '(.*)' encountered/s.exec(message)?.[1];
  if (twice !== undefined) return `“${twice}” is in it twice`;
  if (message.includes('end of input at')) return 'it ends too early, a quote or bracket is not closed';
  const before = text.slice(0, Number(/at position (\d+)$/.exec(message)?.[1] ?? 0)).split('\n');
  return `see line ${before.length}, character ${(before.at(-1) ?? '').length + 1}`;
}
