/**
 * Idempotency keys of an import, made from what is created: a repeated run of the same rows, also from another file, has the same
 * keys, so that it creates nothing twice. Equal rows of one file differ by their number. Knows no API.
 */
import { isObject, write } from '../json/value';

/** Return a key for each of the contents. With another `salt`, the keys are others. */
export async function keysOf(contents: unknown[], salt = ''): Promise<string[]> {
  const seen = new Map<string, number>();
  const texts = contents.map((content) => {
    const text = canonical(content);
    const earlier = seen.get(text) ?? 0;
    seen.set(text, earlier + 1);
    return `${salt}\n${earlier}\n${text}`;
  });
  return Promise.all(texts.map(hashed));
}

async function hashed(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `import-${Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** Return JSON text that equal values share, whatever the order of their properties. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return write(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(',')}}`;
}
