/** Points in time as people read them. */

const LOCAL = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

export function local(text: string): string {
  return LOCAL.format(new Date(text));
}

/** `2026-01-31 09:26:53 UTC` */
export function utc(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
