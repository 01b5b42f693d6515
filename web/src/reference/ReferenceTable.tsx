/** A table that scrolls within the page if it is wider. Knows no contract. */
import type { ComponentChildren } from 'preact';

export function ReferenceTable({
  caption,
  head,
  children,
}: {
  caption: string;
  head: string[];
  children: ComponentChildren;
}) {
  return (
    <div class="scroll" tabIndex={0} role="group" aria-label={caption}>
      <table>
        <thead>
          <tr>
            {head.map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
