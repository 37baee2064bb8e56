import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../world/child.js';
import { eventually } from '../world/eventually.js';
import { adminKey } from '../world/credentials.js';
import { call, outputsIn, wants } from '../runs/model-plans.js';
import { apiKey, World, type MakeStack } from '../world/world.js';

/** What only a tool of the scenarios is given. */
export const spyToken = 'spy+token/of "these" scenarios';

/** Who comes to the edge of the system, with patterns, connections, values and programs, gets no further. */
export function edgeScenarios(world: World): void {
  const lookInto = async (args: object) => {
    const input = world.plans.plan(`spy ${JSON.stringify(args)}`, wants(call('spy', args)));
    const { run, approval } = await world.startPaused(input);
    await world.client.resolve(approval.id, 'approved', 'ada');
    expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
    return outputsIn(world.lastRequest(input)).at(-1)!;
  };

  describe('a pattern', () => {
    it('that would backtrack for hours is compared at once, in rules and in parameters', async () => {
      const note = `${'a'.repeat(60)}!`;
      const input = world.plans.plan(
        'note it',
        wants(call('spy', { what: 'token', note })),
        wants(call('spy', { what: note })),
      );
      const { run, approval } = await world.startPaused(input);
      expect(approval.tool_args).toEqual({ what: 'token', note });
      await world.client.resolve(approval.id, 'rejected', 'ada');
      expect(await world.ended(run.run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(outputsIn(world.lastRequest(input)).at(-1)).toContain('what: must match pattern');
    });

    it('that only backtracking can find is refused before anything starts, with its line', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'countersign-pattern-'));
      const file = join(dir, 'countersign.yaml');
      const rule = "{ name: r, when: { arguments: { a: { matches: '^(?!prod)' } } }, then: { approve: true } }";
      writeFileSync(file, `policies:\n  rules:\n    - ${rule}\n`);
      const starting = startChild({ app: 'standalone', env: { COUNTERSIGN_CONFIG: file, DATA_DIR: dir } });
      await expect(starting).rejects.toThrow(/countersign\.yaml:3:\d+ .*matches: is no pattern: .*look-ahead/);
      rmSync(dir, { recursive: true });
    });
  });

  it('bodies of nobody are refused before they are read, and fill no memory', async () => {
    const { port } = new URL(world.client.origins.approvals);
    const { pid } = world.stack.children('approval-service')[0]!;
    const memory = () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
    const before = memory();
    const most = 'x'.repeat(900_000);
    const answers = await Promise.all(
      Array.from({ length: 400 }, async () => {
        const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
        const head = 'POST /approvals/1/resolve HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
        socket.write(`${head}Content-Length: 1000000\r\n\r\n${most}`);
        return text(socket).catch(() => '');
      }),
    );
    const grown = memory() - before;
    // All of it would be 360 MB; what is read and thrown away is some, until it is collected.
    expect(grown).toBeLessThan(200_000_000);
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 401')).length).toBeGreaterThan(300);
    expect(answers.filter((answer) => /^HTTP\S+ 2/.test(answer))).toEqual([]);
  });

  describe('a program that makes a call', () => {
    it('finds nothing in the environment of the executor, nor more than it needs in its own', async () => {
      const seen = await lookInto({ what: 'environment' });
      expect(seen).toMatch(/^own: HOME LANG PATH; parent: .*PATH=/);
      for (const secret of [adminKey, apiKey, spyToken]) expect(seen).not.toContain(secret);
      expect(seen).not.toMatch(/KEY|TOKEN|MONGODB|KAFKA/);
    });

    it('shows no secret that it was given, in pieces or encoded', async () => {
      const seen = await lookInto({ what: 'token' });
      expect(seen).toContain('in two: ***');
      expect(seen.match(/\*\*\*/g)!.length).toBeGreaterThanOrEqual(5);
      const half = spyToken.length / 2;
      for (const part of [spyToken.slice(0, half), spyToken.slice(half)]) expect(seen).not.toContain(part);
      const decoded = (['base64', 'base64url', 'hex'] as const).map((encoding) =>
        seen
          .split(/\s|\*\*\*/)
          .map((word) => Buffer.from(word, encoding).toString('latin1'))
          .join(' '),
      );
      for (const each of decoded) expect(each).not.toMatch(/py\+token|these/);
    });

    it('is never given a value for an option', async () => {
      expect(await lookInto({ what: '--eval' })).toContain('what begins with a dash');
    });
  });
}

/** Stacks of their own, since nothing else could work meanwhile. */
export function describeFairQueues(makeStack: MakeStack): void {
  describe('A runner that has more to do than it can', () => {
    const world = new World(makeStack, { RUNNER_CONCURRENCY: '1', RUNNER_QUEUE_LIMIT_PER_USER: '15' });
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    const startFor = (user_id: string, input: string) =>
      fetch(`${world.client.origins.runs}/agents/worker/runs`, {
        method: 'POST',
        headers: { ...world.client.admin, 'content-type': 'application/json' },
        body: JSON.stringify({ input, user_id }),
      });
    const completedOf = async (user: string) => {
      const url = `${world.client.origins.runs}/runs?user_id=${user}&status=COMPLETED&limit=100`;
      const { data } = (await (await fetch(url, { headers: world.client.admin })).json()) as { data: unknown[] };
      return data.length;
    };

    it('lets users take turns, and one user wait for so many only', async () => {
      const runners = world.stack.children('agent-runner').length;
      const busy = [];
      for (let n = 0; n < runners; n += 1) busy.push(await world.start(world.plans.plan(`think ${n}`, 'hang')));
      await expect.poll(() => world.model.open, { timeout: 20_000 }).toBe(runners);

      const input = world.plans.plan('one of many');
      const answers: Response[] = [];
      for (let n = 0; n < 45; n += 1) answers.push(await startFor('alice', input));
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused.length).toBeGreaterThan(0);
      expect(Number(refused[0]!.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await refused[0]!.json()).toMatchObject({ detail: expect.stringContaining('runs of alice wait') });

      const bobs = await startFor('bob', world.plans.plan('just one'));
      expect(bobs.status).toBe(202);
      const { run_id } = (await bobs.json()) as { run_id: string };
      for (const run of busy) await world.client.cancelRun(run.run_id, 'enough', 'worker');
      expect(await world.ended(run_id)).toMatchObject({ status: 'COMPLETED' });
      expect(await completedOf('alice')).toBeLessThanOrEqual(10);
    });
  });
  describe('An executor that has more to do than it can', () => {
    const world = new World(makeStack, { EXECUTOR_CONCURRENCY: '1' }, 'executor.yaml');
    beforeAll(() => world.open(), 120_000);
    afterAll(() => world.close());

    /** A run of this user, with all of its calls approved. */
    async function approvedFor(user_id: string, title: string, ...args: object[]) {
      const input = world.plans.plan(title, wants(...args.map((each) => call('deploy', each))));
      const { run_id } = await world.start(input, { user_id });
      const asked = await eventually(`${args.length} approvals`, async () => {
        const { data } = await world.client.approvals.list({ run_id, status: 'pending', limit: 100 });
        return data.length === args.length && data;
      });
      await Promise.all(asked.map(({ id }) => world.client.resolve(id, 'approved', 'ada')));
      return { run_id, approvals: asked };
    }

    it('makes a call of one user after few of another, however many of those are approved already', async () => {
      const gate = world.gate();
      const executors = world.stack.children('executor').length;
      const held = Array.from({ length: executors }, (_, n) => ({ name: `held ${n}`, until: gate.path }));
      const first = await approvedFor('alice', 'hold them all', ...held);
      await eventually('every executor to be busy', async () =>
        first.approvals.every((approval) => world.startsOf(approval).length === 1),
      );

      const lines = Array.from({ length: 50 }, (_, n) => ({ name: `line ${n}` }));
      const alices = [first];
      for (let n = 0; n < 4; n += 1) alices.push(await approvedFor('alice', `fifty ${n}`, ...lines));
      const bobs = await approvedFor('bob', 'just one', { name: 'the one of bob' });
      const approvals = [...alices.flatMap((each) => each.approvals), ...bobs.approvals];
      await eventually('all to be in the queue', async () => {
        const executions = await Promise.all(
          [...alices, bobs].map(({ run_id }) => world.client.executions.list({ run_id, limit: 100 })),
        );
        return executions.flatMap(({ data }) => data).length === approvals.length;
      });

      gate.open();
      expect(await world.ended(bobs.run_id)).toMatchObject({ status: 'COMPLETED' });
      const starts = world
        .ledger()
        .filter(({ what }) => what === 'start')
        .map(({ id }) => id);
      const before = starts.indexOf(bobs.approvals[0]!.id);
      for (const { run_id } of alices) await world.client.cancelRun(run_id, 'enough', 'worker');
      expect(before).toBeGreaterThanOrEqual(executors);
      expect(before).toBeLessThanOrEqual(executors + 4);
    }, 90_000);
  });
}
