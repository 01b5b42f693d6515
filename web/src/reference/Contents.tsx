/** The list of the page's sections, with a mark at the one that is being read; folded where the window is narrow. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useCurrent } from './current';
import { Method } from './Example';
import { operations, schemas } from './operations';

const IDS = [
  ...operations.map(({ operation }) => operation.operationId),
  ...schemas.map(([name]) => `schema-${name}`),
];
const WIDE = matchMedia('(min-width: 56em)');

export function Contents() {
  const current = useCurrent(IDS);
  const [open, setOpen] = useState(WIDE.matches);
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const changed = () => setOpen(WIDE.matches);
    WIDE.addEventListener('change', changed);
    return () => WIDE.removeEventListener('change', changed);
  }, []);
  useEffect(() => {
    if (WIDE.matches) nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' });
  }, [current]);
  const link = (id: string) => ({
    href: `#${id}`,
    'aria-current': id === current ? ('true' as const) : undefined,
  });
  return (
    <nav ref={nav} aria-label="On this page">
      <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary>On this page</summary>
        <ul>
          {operations.map(({ method, operation, name }) => (
            <li key={operation.operationId}>
              <a {...link(operation.operationId)}>
                <Method name={method} />
                {name}
              </a>
            </li>
          ))}
          <li class="help">Schemas</li>
          {schemas.map(([name]) => (
            <li key={name}>
              <a {...link(`schema-${name}`)}>{name}</a>
            </li>
          ))}
        </ul>
      </details>
    </nav>
  );
}
