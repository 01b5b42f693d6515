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
  const parts: ComponentChild[] = [];
  let end = 0;
  for (const match of text.matchAll(MARK)) {
    const [all, code, strong, label, link = ''] = match;
    parts.push(text.slice(end, match.index));
    if (code) parts.push(<code>{code}</code>);
    else if (strong) parts.push(<strong>{strong}</strong>);
    else
      parts.push(
        <a href={link} rel="noreferrer">
          {label}
        </a>,
      );
    end = match.index + all.length;
  }
  parts.push(text.slice(end));
  return parts;
}
