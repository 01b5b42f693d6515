/** Points in time as text for people. */

const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

/** Return date and time of day, in local time. */
export function local(text: string): [string, string] {
  const at = new Date(text);
  return [DATE.format(at), TIME.format(at)];
}

/** Return a time such as `2026-01-31 09:26:53 UTC`. */
export function utc(text: string): string {
  return `${new Date(text).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
