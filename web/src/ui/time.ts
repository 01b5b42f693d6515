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

const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto', style: 'short' });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const STEPS: [Intl.RelativeTimeFormatUnit, number, number][] = [
  ['minute', 60_000, 45],
  ['hour', 3_600_000, 22],
  ['day', 86_400_000, 7],
];

/** Return a time as people say it: `5 min ago`, `in 3 days`; beyond a week, its date. */
export function relative(text: string, now: number): string {
  const at = new Date(text);
  const distance = at.getTime() - now;
  if (Math.abs(distance) < 45_000) return 'just now';
  for (const [unit, length, most] of STEPS) {
    const count = Math.round(distance / length);
    if (Math.abs(count) <= most)
      return RELATIVE.format(Math.abs(count) < 1 ? Math.sign(distance) : count, unit);
  }
  const sameYear = at.getFullYear() === new Date(now).getFullYear();
  return (sameYear && distance < 0 ? DAY_OF_YEAR : DATE).format(at);
}
