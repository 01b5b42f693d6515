/** A block of code with a caption and a button that copies it, and the name of an HTTP method. Knows no contract. */
import type { ComponentChildren } from 'preact';
import { Copy } from '../ui/parts';

interface Props {
  /** What a screen reader calls the block. */
  label: string;
  caption?: ComponentChildren;
  /** What the button copies, in a word: `Copy command`. */
  what: string;
  text: string;
}

export function Example({ label, caption, what, text }: Props) {
  return (
    <figure class="snippet">
      <figcaption>
        <span>{caption ?? label}</span>
        <Copy text={text} what={what} />
      </figcaption>
      <pre tabIndex={0} role="group" aria-label={label}>
        <code>{text}</code>
      </pre>
    </figure>
  );
}

export function Method({ name }: { name: string }) {
  return <span class={`method ${name.toLowerCase()}`}>{name}</span>;
}
