/** A resource to read: each field with its value, which a click turns into a control. Knows neither the API nor what is typed. */
import type { ComponentChildren } from 'preact';
import { textOf } from '../contract/schema';
import { isFormatted } from '../contract/validate';
import type { Field } from '../contract/fields';
import { isCode, rawOfField } from '../form/raw';
import { isObject, type Json, own, write } from '../json/value';
import { Icon, Time } from '../ui/parts';
import './Values.css';

interface Props {
  field: Field;
  value: unknown;
  /** Show a control instead. */
  onEdit: () => void;
}

const BROAD = ['text', 'pairs', 'group', 'json'];

/** One field of a resource. */
export function Shown({ field, value, onEdit }: Props) {
  const edit = (event: MouseEvent) => {
    const other = (event.target as Element).closest('a, button') || getSelection()?.type === 'Range';
    if (!other) onEdit();
  };
  const broad = BROAD.includes(field.control) && value !== undefined && value !== null;
  return (
    <div class={broad ? 'shown broad' : 'shown'} data-shown={field.pointer} onClick={edit}>
      <dl>
        <dt>{field.title}</dt>
        <dd>
          <Value field={field} value={value} />
        </dd>
      </dl>
      <button type="button" class="quiet square tiny" aria-label={`Edit ${field.title}`} onClick={onEdit}>
        <Icon name="pencil" />
      </button>
    </div>
  );
}

function Value({ field, value }: { field: Field; value: unknown }) {
  if (value === undefined) return <span class="none">Not set</span>;
  if (value === null) return <em class="none">null</em>;
  if (value === '') return <span class="none">Empty text</span>;
  if (isCode(rawOfField(field, value))) return <Code value={value} />;
  if (field.control === 'group') return <Members field={field} value={value as Json} />;
  if (Array.isArray(value)) return <Words words={value as string[]} />;
  if (isObject(value)) return <Pairs pairs={Object.entries(value)} />;
  if (typeof value === 'string') return <Text text={value} format={field.schema.format ?? ''} />;
  return <>{textOf(value)}</>;
}

function Code({ value }: { value: unknown }) {
  return (
    <pre>
      <code>{write(value, '  ')}</code>
    </pre>
  );
}

function Words({ words }: { words: string[] }) {
  if (!words.length) return <span class="none">Empty list</span>;
  return (
    <ul class="chips">
      {words.map((word, index) => (
        <li key={index} class="chip">
          <bdi>{word}</bdi>
        </li>
      ))}
    </ul>
  );
}

function Pairs({ pairs }: { pairs: [string, unknown][] }) {
  if (!pairs.length) return <span class="none">Empty</span>;
  return (
    <Inner
      rows={pairs.map(([name, value]) => [<bdi>{name}</bdi>, <bdi class="lines">{textOf(value)}</bdi>])}
    />
  );
}

function Members({ field, value }: { field: Field; value: Json }) {
  const others = Object.entries(value).filter(([name]) => !field.fields.some((known) => known.name === name));
  const known = field.fields.filter(({ name }) => own(value, name) !== undefined);
  if (!known.length && !others.length) return <span class="none">Empty</span>;
  return (
    <Inner
      rows={[
        ...known.map((inner): Row => [inner.title, <Value field={inner} value={own(value, inner.name)} />]),
        ...others.map(([name, other]): Row => [<bdi>{name}</bdi>, <Other value={other} />]),
      ]}
    />
  );
}

/** A property that the schema does not name. */
function Other({ value }: { value: unknown }) {
  return typeof value === 'string' ? <bdi class="lines">{value}</bdi> : <Code value={value} />;
}

type Row = [name: ComponentChildren, value: ComponentChildren];

function Inner({ rows }: { rows: Row[] }) {
  return (
    <dl class="inner">
      {rows.map(([name, value], index) => (
        <div key={index}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Text({ text, format }: { text: string; format: string }) {
  if (format === 'date-time' && isFormatted(text, format)) return <Time at={text} />;
  const href = hrefOf(text, format);
  if (!href) return <bdi class="lines">{text}</bdi>;
  return (
    <a href={href} target="_blank" rel="noopener noreferrer">
      <bdi>{text}</bdi>
    </a>
  );
}

/** Return where a text leads to: web and mail addresses only, because other schemes could run something. */
function hrefOf(text: string, format: string): string | null {
  if (!isFormatted(text, format)) return null;
  if (format === 'email') return `mailto:${text}`;
  return format === 'uri' && /^https?:/i.test(text) ? text : null;
}
