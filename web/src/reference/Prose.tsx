/** The contract's descriptions: paragraphs, `code`, **strong** and [links](…), as elements and never as markup. */
import type { ComponentChild } from 'preact';

const MARK = /`([^`]+)`|\*\*([^*]+)\*\*|\[([^\]]+)\]\((https:[^)]+)\)/g;

export function Prose({ text }: { text: string }) {
  return (
    <>
      {text
        .trim()
        .split(/\n\s*\n/)
        .map((paragraph) => (
          <p key={paragraph}>{inline(paragraph)}</p>
        ))}
    </>
  );
}

export function inline(text: string): ComponentChild[] {
  const found: ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(MARK)) {
    const [all, code, strong, label, link = ''] = match;
    found.push(text.slice(end, match.index));
    if (code) found.push(<code>{code}</code>);
    else if (strong) found.push(<strong>{strong}</strong>);
    else
      found.push(
        <a href={link} rel="noreferrer">
          {label}
        </a>,
      );
    end = match.index + all.length;
  }
  found.push(text.slice(end));
  return found;
}
