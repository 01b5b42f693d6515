/** What a password needs, before somebody has to choose one on the sign-in pages. */
import type { PasswordRules } from '../config';
import { useServices } from '../services';

const KINDS: [PasswordRules['of'][number], string][] = [
  ['lowercase', 'a lower-case letter'],
  ['uppercase', 'an upper-case letter'],
  ['number', 'a number'],
  ['symbol', 'a symbol'],
];
const LIST = new Intl.ListFormat('en', { type: 'conjunction' });

export function Password() {
  const { passwordRules } = useServices();
  if (!passwordRules) return null;
  const { length, of } = passwordRules;
  const needed = KINDS.filter(([kind]) => of.includes(kind)).map(([, words]) => words);
  return (
    <p>
      A new password needs at least {length} characters{needed.length > 0 && `, with ${LIST.format(needed)}`}.
    </p>
  );
}
