/** Points in time as people read them. */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Date and time of day, in local time. */
export function local(text: string): [string, string] {
  const at = new Date(text);
  return [DATE.format(at), TIME.format(at)];
}

/** `2026-01-31 09:26:53 UTC` */
export function utc(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
