import type { Millis } from '@countersign/contracts/time';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useResource } from '../server/resource.js';
import { Empty, Failure } from './notes.js';

interface PagedProps<T> {
  list(limit: number, signal?: AbortSignal): Promise<{ data: T[]; meta: { total_count: number } }>;
  /** What the list is narrowed to; another one is another list. */
  filter?: string | undefined;
  /** How often to read it again. */
  everyMs?: Millis;
  empty: { title: string; text?: string };
  head: string[];
  keyOf(item: T): string;
  row(item: T): ComponentChildren[];
}

const step = 50;
const most = 1_000;

/** A table of records of the server, the newest of them first, and more on demand. */
export function Paged<T>({ list, filter, everyMs, empty, head, keyOf, row }: PagedProps<T>) {
  const [limit, setLimit] = useState(step);
  const { data: page, problem, reload } = useResource((signal) => list(limit, signal), [filter, limit], everyMs);
  const total = page?.meta.total_count ?? page?.data.length ?? 0;
  return (
    <>
      <Failure problem={problem} retry={() => void reload()} />
      {page?.data.length === 0 && <Empty title={empty.title}>{empty.text}</Empty>}
      {page && page.data.length > 0 && (
        <table class="records">
          <thead>
            <tr>
              {head.map((name) =>
                name === '' ? (
                  <td key={name} />
                ) : (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ),
              )}
            </tr>
          </thead>
          <tbody>
            {page.data.map((item) => (
              <tr key={keyOf(item)}>
                {row(item).map((cell, n) => (
                  <td key={head[n]} data-label={head[n]}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {page && page.data.length < total && (
        <p class="more">
          {page.data.length} of {total.toLocaleString()}{' '}
          {limit < most ? (
            <button type="button" onClick={() => setLimit(Math.min(most, limit * 2))}>
              Show more
            </button>
          ) : (
            'are shown. A filter finds what is further away.'
          )}
        </p>
      )}
    </>
  );
}

interface ChoiceProps {
  name: string;
  value: string;
  options: readonly string[];
  change(value: string): void;
}

/** Which of them to list. */
export const Choice = ({ name, value, options, change }: ChoiceProps) => (
  <label class="choice">
    {name}
    <select value={value} onChange={(event) => change(event.currentTarget.value)}>
      <option value="">any</option>
      {options.map((option) => (
        <option key={option} value={option}>
          {option.toLowerCase().replaceAll('_', ' ')}
        </option>
      ))}
    </select>
  </label>
);
