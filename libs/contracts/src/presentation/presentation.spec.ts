import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  actionLine,
  argumentLines,
  mayBeApprovedTogether,
  presentCall,
  Presentation,
  riskOf,
  titleLine,
} from './index.js';
import type { PresentableCall } from './index.js';

const deployment = Presentation.parse({
  title: 'Deploy {{service}} {{version}} to {{environment}}',
  risk: 'high',
  environment: {
    argument: 'environment',
    values: { production: { color: 'red', risk: 'critical' }, staging: { color: 'amber' } },
  },
  first: ['environment'],
});
const args = { service: 'payments-api', version: '7.3.1', environment: 'production' };
const call = (
  tool_args: Record<string, unknown> = {},
  presentation: Presentation | null = deployment,
): PresentableCall => ({
  tool_name: 'deploy',
  tool_args: { ...args, ...tool_args },
  presentation,
});
const linesOf = (tool_args: Record<string, unknown>, formats: Presentation['formats'] = {}) =>
  argumentLines(presentCall({ tool_name: 't', tool_args, presentation: Presentation.parse({ formats }) }).args);

describe('the title of a call', () => {
  it('is the declared one with its values', () => {
    expect(titleLine(call())).toBe('Deploy payments-api 7.3.1 to production');
    expect(actionLine(call())).toBe('Deploy payments-api 7.3.1 to production');
  });

  it('tells calls of a tool apart when nothing is declared', () => {
    expect(titleLine(call({ script: 'a\nb', replicas: 3 }, null))).toBe(
      'deploy service=payments-api version=7.3.1 environment=production replicas=3',
    );
  });

  it.each([
    ['words of the title', { version: '7.3.1 to staging' }, 'Deploy payments-api "7.3.1 to staging" to production'],
    [
      'the end of the title',
      { version: '1" to staging, not' },
      'Deploy payments-api "1\\" to staging, not" to production',
    ],
    ['a placeholder', { version: '{{environment}}' }, 'Deploy payments-api "{{environment}}" to production'],
    ['a value that is not there', { version: '(none)' }, 'Deploy payments-api "(none)" to production'],
    ['nothing', { version: '' }, 'Deploy payments-api "" to production'],
    ['another order of the letters', { version: '\u202e1.3.7' }, 'Deploy payments-api "[U+202E]1.3.7" to production'],
    ['another letter', { service: 'p\u0430yments' }, 'Deploy p\u0430[U+0430]yments 7.3.1 to production'],
    ['a line of its own', { version: '1\nto staging' }, 'Deploy payments-api "1\\nto staging" to production'],
  ])('does not let a value imitate %s', (_, changed, title) => {
    expect(titleLine(call(changed))).toBe(title);
  });

  it('keeps what follows a long value in sight', () => {
    const title = titleLine(call({ version: 'x'.repeat(4_000) }));
    expect(title).toMatch(/… 3946 more …x+" to production$/);
    expect(title.length).toBeLessThan(140);
  });

  it('does not hide where a call is made: a button says it when the title does not', () => {
    const silent = { ...deployment, title: 'Restart {{service}}' };
    expect(actionLine(call({}, silent))).toBe('Restart payments-api (on production)');
    expect(actionLine({ ...call({}, silent), tool_args: { service: 'a' } })).toBe(
      'Restart a (with no environment named)',
    );
  });

  it('shows nothing that an object has of itself', () => {
    expect(titleLine(call({}, { ...deployment, title: 'Do {{constructor}}' }))).toBe('Do (none)');
  });
});

describe('the risk of a call', () => {
  it('is that of its tool, or of its environment where that is more', () => {
    expect(riskOf(call())).toBe('critical');
    expect(riskOf(call({ environment: 'staging' }))).toBe('high');
    expect(riskOf(call({}, null))).toBe('low');
  });

  it.each(['Production', 'production ', 'prod', 'pr\u043eduction', 'constructor', 1, null, ['staging'], undefined])(
    'is the highest for a spelling that is not declared: %j',
    (environment) => {
      const low = { ...deployment, risk: 'low' as const };
      expect(riskOf(call({ environment }, low))).toBe('critical');
      expect(mayBeApprovedTogether(riskOf(call({ environment }, low)))).toBe(false);
      expect(presentCall(call({ environment }, low)).environment).toMatchObject({ color: 'red', isKnown: false });
    },
  );
});

describe('the arguments of a call', () => {
  it('are all there, those that matter first before the others', () => {
    const { args, target } = presentCall(call({ dry_run: false }));
    expect(args.map(({ name }) => name)).toEqual(['environment', 'service', 'version', 'dry_run']);
    expect(target).toBe('production');
  });

  it('are shown as what they are', () => {
    const patch = 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n';
    const value = {
      script: '#!/bin/sh\nset -e\n\trm -rf build',
      patch,
      url: 'https://user@Example.com:8443/a?b',
      command: ['kubectl', 'delete', 'ns', 'a b'],
      body: { to: ['ana@example.com'], note: 'two\nlines', deep: [{ n: 1 }], none: {} },
      yes: true,
      text: 'true',
    };
    expect(linesOf(value)).toEqual([
      'script: (shell, 3 lines)',
      '  1 │ #!/bin/sh',
      '  2 │ set -e',
      '  3 │ ⇥ rm -rf build',
      'patch: (diff, 8 lines)',
      ...patch.split('\n').map((line, n) => `  ${n + 1} │ ${line}`),
      'url: https://user@Example.com:8443/a?b',
      'command: $ kubectl delete ns "a b"',
      'body:',
      '  to:',
      '    - ana@example.com',
      '  note: (text, 2 lines)',
      '    1 │ two',
      '    2 │ lines',
      '  deep:',
      '    - ',
      '      n: 1',
      '  none: {}',
      'yes: true',
      'text: "true"',
    ]);
  });

  it.each([
    ['a name that looks like another', { 'environment: staging\nx': 1 }, ['"environment: staging\\nx": 1']],
    [
      'a value that looks like the next argument',
      { a: 'b\nenvironment: staging' },
      ['a: (text, 2 lines)', '  1 │ b', '  2 │ environment: staging'],
    ],
    ['a number of a line', { a: 'b\r2 │ c\nd' }, ['a: (text, 2 lines)', '  1 │ b[U+000D]2 │ c', '  2 │ d']],
    [
      'empty lines before what matters',
      { a: `b${'\n'.repeat(400)}rm` },
      ['a: (text, 401 lines)', '    1 │ b', '    2 ┊ 399 empty lines', '  401 │ rm'],
    ],
    ['spaces before what matters', { a: `b${' '.repeat(100)}; rm` }, ['a: b[100 spaces]; rm']],
    [
      'a host that is another',
      { a: 'https://b\u00e4nk.com/' },
      [expect.stringContaining('(leads to xn--bnk-qla.com)')],
    ],
    ['a backslash before a host', { a: 'https://bank.com\\@evil.com/' }, ['a: https://bank.com\\@evil.com/']],
  ])('do not let pass %s', (_, value, lines) => {
    expect(linesOf(value)).toEqual(lines);
  });

  it('have no colours of a diff where no hunk accounts for a line', () => {
    const patch = '@@ -1 +1 @@\n-a\n+b\n+rm -rf /\n';
    const block = presentCall({
      tool_name: 't',
      tool_args: { patch },
      presentation: Presentation.parse({ formats: { patch: 'diff' } }),
    }).args[0]!.block;
    expect(block).toMatchObject({
      lines: [{ kind: 'hunk' }, { kind: 'removed' }, { kind: 'added' }, { kind: 'other' }, { kind: 'meta' }],
    });
    expect(linesOf({ patch })[0]).toBe('patch: (text, 5 lines)');
  });

  it('are a tree where a text is declared as JSON, unless that would leave something out', () => {
    expect(linesOf({ a: '{"b":{"c":1}}' }, { a: 'json' })).toEqual(['a: (JSON text)', '  b:', '    c: 1']);
    expect(linesOf({ a: '{"b":1,"b":2}' }, { a: 'json' })).toEqual(['a: (json, 1 line)', '  1 │ {"b":1,"b":2}']);
  });

  it('are never the same lines for different calls', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', '1', ' ', '\n', '\r', '"', '-', ':', '{', '[', '$', '(', '│', '/', '.'),
      maxLength: 6,
    });
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        text,
        fc.constantFrom(true, null, 1, 'true', '1', '', 'https://a/'),
        fc.array(tie('value'), { maxLength: 2 }),
        fc.dictionary(text, tie('value'), { maxKeys: 2 }),
      ),
    }));
    const arguments_ = fc.dictionary(text, value, { maxKeys: 2 }) as fc.Arbitrary<Record<string, unknown>>;
    const seen = new Map<string, string>();
    fc.assert(
      fc.property(arguments_, (args) => {
        const ordered = JSON.stringify(args);
        const lines = linesOf(args).join('\n');
        expect(seen.get(lines) ?? ordered).toBe(ordered);
        seen.set(lines, ordered);
      }),
      { numRuns: 3_000 },
    );
  });
});
