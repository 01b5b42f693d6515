/** A view as the query of an address, and back: `search=lamp&sort=-quantity&filter=tags:has:office`. Knows no entry. */
import type { Filter, Sort, View } from './view';

export const NEWEST: Sort = { property: 'created_at', descending: true };
const OPERATORS: Filter['operator'][] = ['is', 'has', 'min', 'max', 'empty'];

/** Return the query of a view, without `?` and without defaults. */
export function queryOf({ search, sort, filters }: View): string {
  const query = new URLSearchParams();
  if (search.trim()) query.set('search', search);
  if (sort.property !== NEWEST.property || !sort.descending) {
    query.set('sort', (sort.descending ? '-' : '') + sort.property);
  }
  for (const { field, operator, value } of filters) {
    query.append('filter', [field, operator, value].map(escaped).join(':'));
  }
  return query.toString().replaceAll('%3A', ':');
}

/** Return the view of a query. What it does not say, or what is not readable, is the default. */
export function viewOf(query: string): View {
  const read = new URLSearchParams(query);
  const sort = read.get('sort') ?? '';
  const descending = sort.startsWith('-');
  const property = sort.slice(descending ? 1 : 0);
  return {
    search: read.get('search') ?? '',
    sort: property ? { property, descending } : NEWEST,
    filters: read.getAll('filter').flatMap(filterOf),
  };
}

function filterOf(text: string): Filter[] {
  const [field = '', operator = '', ...rest] = text.split(':');
  const known = OPERATORS.find((other) => other === operator);
  if (!field || !known) return [];
  return [{ field: unescaped(field), operator: known, value: unescaped(rest.join(':')) }];
}

/** A field's name may contain a colon. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll(':', '%3A');
}

function unescaped(text: string): string {
  return text.replaceAll('%3A', ':').replaceAll('%25', '%');
}
