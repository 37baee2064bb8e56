import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pages, textOf } from './blocks.js';

interface Decision {
  file: string;
  number: string;
  title: string;
  status: string;
  date: string;
}

const decisions = pages
  .filter((page) => /^docs\/adr\/\d{4}-/.test(page))
  .map((page): Decision => {
    const form =
      /^# (\d+)\. (.+)\n\n- Status: ((?:proposed|accepted|superseded)\b.*)\n- Date: (\d{4}-\d\d-\d\d)\n\n\*\*Context\.\*\* /;
    const [, number = '', title = '', status = '', date = ''] = form.exec(textOf(page)) ?? [];
    return { file: basename(page), number, title, status, date };
  });

const index = (): string =>
  [
    '# Decisions',
    '',
    'Why things are as they are, half a page each, with the alternatives that were weighed where they are recorded. A date is',
    'that of the first version. `npx vitest run -u --project tools` writes this list anew.',
    '',
    '| | decision | status | date |',
    '| --- | --- | --- | --- |',
    ...decisions.map(
      ({ number, title, file, status, date }) => `| ${number} | [${title}](${file}) | ${status} | ${date} |`,
    ),
    '',
  ].join('\n');

describe('the decisions', () => {
  it.each(decisions)('$file says its number, status and date', ({ file, number }) => {
    expect(number.padStart(4, '0')).toBe(file.slice(0, 4));
  });

  it('have a number each', () => {
    expect(decisions.map(({ number }) => Number(number))).toEqual(decisions.map((_, i) => i + 1));
  });

  it('are listed', async () => {
    await expect(index()).toMatchFileSnapshot('../../docs/adr/README.md');
  });
});
