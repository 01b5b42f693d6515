/** Which fields of a resource are content, which of them is its title and which are columns, according to the contract. */
import { textOf, titleOf as wordsOf } from '../contract/schema';
import { content } from '../contract/service';
import { type Field, fieldsOf } from '../contract/fields';
import { type Json, own, stepsOf } from '../json/value';

export const schema = content;
export const fields = fieldsOf(content);
export const names = fields.map((field) => field.name);
export const title = titleOf(fields);

/** What every resource has; the contract cannot use these names (src/crudctl/build/contract.py, RESERVED). */
export const SYSTEM = ['id', 'version', 'created_at', 'updated_at'];

/** Return the resource without what the service sets. */
export function contentOf(resource: Json): Json {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(resource, name)).map((name) => [name, resource[name]]),
  );
}

/** Return the field whose text stands for a resource: the first required text, else the first text. An enum does not count as text. */
export function titleOf(fields: Field[]): Field | undefined {
  const texts = fields.filter(({ schema }) => schema.type === 'string' && !schema.enum);
  return texts.find(({ required }) => required) ?? texts[0];
}

const LONGEST = 200; // characters of a title
/** Spaces, and characters that are not visible: a braille blank, a zero-width space, a mark of direction. */
const BLANK = /^[\s\u2800\p{Default_Ignorable_Code_Point}\p{Control}\p{Format}]*$/u;

/** Return the name of a resource for people: the text of its title, or else its ID. */
export function nameOf(resource: Json): string {
  const text = title && own(resource, title.name);
  if (typeof text !== 'string' || BLANK.test(text)) return textOf(own(resource, 'id'));
  const characters = Array.from(text);
  return characters.length > LONGEST ? `${characters.slice(0, LONGEST).join('')}…` : text;
}

/** Return `Box › Shelf number`: the titles of the fields that a pointer leads through. */
export function placeOf(pointer: string): string {
  let inner: Field[] = fields;
  const titles = stepsOf(pointer).map((step) => {
    const field = inner.find(({ name }) => name === step);
    inner = field?.fields ?? [];
    return field?.title ?? (inner === fields ? wordsOf(step, {}) : step);
  });
  return titles.join(' › ');
}
