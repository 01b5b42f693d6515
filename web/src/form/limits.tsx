/** How much of a limit is used, shown near the limit only. Knows no fault. */
import { useEffect, useState } from 'preact/hooks';
import { isObject } from '../json/value';
import type { Field } from '../contract/fields';
import type { Pairs, Raw, Words } from './raw';

export interface Limit {
  count: number;
  most: number;
  /** What is counted, in the plural. */
  of: string;
}

const [LEAST_LEFT, MOST_LEFT] = [3, 100];
const PAUSE = 1000; // ms without typing, after which it is read out

/** Return the limit if less than a tenth of it is left, at least 3 and at most 100. */
export function near(count: number, most: number | undefined, of: string): Limit | null {
  if (most === undefined || !count) return null;
  const left = Math.min(Math.max(most / 10, LEAST_LEFT), MOST_LEFT);
  return most - count <= left ? { count, most, of } : null;
}

/** Return the limits that a field as a whole is near to: of its characters, its entries, or the entry that is being typed. */
export function limitsOf({ schema, control }: Field, raw: Raw): Limit[] {
  if (control === 'line' || control === 'text') {
    return only(typeof raw === 'string' ? near(lengthOf(raw), schema.maxLength, 'characters') : null);
  }
  if (control === 'words' && isObject(raw) && Object.hasOwn(raw, 'entries')) {
    const { entries, pending } = raw as Words;
    const typed = pending.trim();
    const all = near(entries.length + (typed ? 1 : 0), schema.maxItems, 'entries');
    return only(near(lengthOf(typed), schema.items?.maxLength, 'characters'), all);
  }
  if (control === 'pairs' && isObject(raw) && Object.hasOwn(raw, 'pairs')) {
    const used = (raw as Pairs).pairs.filter(([name, text]) => name.trim() || text);
    return only(near(used.length, schema.maxProperties, 'fields'));
  }
  return [];
}

function only(...limits: (Limit | null)[]): Limit[] {
  return limits.filter((limit) => limit !== null);
}

/** Return the length of a text as the API counts it: in characters, not in UTF-16 units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** `187/200`. */
export function Left({ limit }: { limit: Limit | null }) {
  const text = limit ? `${limit.count.toLocaleString()}/${limit.most.toLocaleString()}` : '';
  const [settled, settle] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => settle(limit ? `${text} ${limit.of}` : ''), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  if (!limit) return null;
  return (
    <span class={limit.count > limit.most ? 'limit over' : 'limit'}>
      {text}
      <span class="hidden"> {limit.of}</span>
      <span class="hidden" role="status">
        {settled}
      </span>
    </span>
  );
}
