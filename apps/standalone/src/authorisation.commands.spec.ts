import { refusals } from '@countersign/contracts';
import { commandNames, commandScopes, type CommandName } from '@countersign/auth';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keyFor, pausedRun } from '../test/authorisation.fixtures.js';
import { isAdmin, may, people, rolesOf } from '../test/authorisation.routes.fixtures.js';
import { adminKey, openStandalone, type Standalone } from '../test/standalone.fixtures.js';

interface Target {
  run_id: string;
  approval_id: string;
  /** Who sends the command. */
  by: string;
}
interface Rule {
  data(target: Target): object;
  /** Whether only owners and administrators may, or whoever has the scope. */
  owned?: true;
  /** Whoever asked for a call may not decide on it, which is another matter. */
  onlyOthers?: true;
  /** Whatever their roles: it is declared, and not here. */
  nobodyMay?: true;
  /** What came of it, once something has. */
  outcome(standalone: Standalone, target: Target): Promise<'obeyed' | 'refused' | undefined>;
}

const get = async (standalone: Standalone, path: string) =>
  (await (await standalone.ask('GET', path, { key: adminKey })).json()) as Record<string, unknown> & { data: Row[] };
type Row = Record<string, unknown>;

const isRefused = async (standalone: Standalone, type: CommandName, key: string) =>
  (await get(standalone, `/events?type=${refusals[type]}&run_id=${key}&limit=1000`)).data.length > 0;
const refused =
  (type: CommandName) =>
  async (standalone: Standalone, { run_id }: Target) =>
    (await isRefused(standalone, type, run_id)) ? ('refused' as const) : undefined;
const runOutcome = async (standalone: Standalone, topic: CommandName, run_id: string, status: string) => {
  if (await isRefused(standalone, topic, run_id)) return 'refused' as const;
  const run = await get(standalone, `/runs/${run_id}`);
  return status === 'any'
    ? run['run_id']
      ? ('obeyed' as const)
      : undefined
    : run['status'] === status
      ? 'obeyed'
      : undefined;
};
const tool_name = 'deploy_to_production';
/** A switch says who turned it last, and why. */
const switchOutcome = (wanted: (target: Target) => Row) => async (standalone: Standalone, target: Target) => {
  const { data } = await get(standalone, '/executions/switches');
  const turned = data.find((each) => each['tool_name'] === tool_name);
  const isAsWanted = Object.entries(wanted(target)).every(([field, value]) => turned?.[field] === value);
  return isAsWanted ? ('obeyed' as const) : undefined;
};

/** Every command that anybody may send. One that is not here fails the tests. */
const commands: Record<CommandName, Rule> = {
  'run.requested': {
    data: ({ run_id }) => ({ run_id, agent_id: 'ops', input: 'Hello.' }),
    outcome: (standalone, { run_id }) => runOutcome(standalone, 'run.requested', run_id, 'any'),
  },
  'tool.call_requested': {
    // Who may ask is named by the agent, and here it is nobody.
    nobodyMay: true,
    data: ({ run_id }) => ({ run_id, agent_id: 'ops', calls: [{ tool_name, tool_args: {} }] }),
    outcome: (standalone, { run_id }) => runOutcome(standalone, 'tool.call_requested', run_id, 'any'),
  },
  'tool.claim_requested': {
    // The call is neither approved nor one that its caller makes.
    nobodyMay: true,
    data: ({ approval_id }) => ({ approval_id, claim: 'one' }),
    outcome: refused('tool.claim_requested'),
  },
  'tool.report_requested': {
    nobodyMay: true,
    data: ({ approval_id }) => ({ approval_id, claim: 'one', digest: 'none', outcome: 'succeeded', result: 'Done.' }),
    outcome: refused('tool.report_requested'),
  },
  'run.cancel_requested': {
    owned: true,
    data: ({ run_id }) => ({ run_id, reason: 'no' }),
    outcome: (standalone, { run_id }) => runOutcome(standalone, 'run.cancel_requested', run_id, 'CANCELLED'),
  },
  'approval.resolve_requested': {
    onlyOthers: true,
    data: ({ approval_id }) => ({ approval_id, status: 'rejected' }),
    outcome: async (standalone, { approval_id }) =>
      (await get(standalone, `/approvals/${approval_id}`))['status'] === 'rejected' ? 'obeyed' : undefined,
  },
  'approval.answer_requested': {
    // Nobody has asked.
    nobodyMay: true,
    data: ({ approval_id }) => ({ approval_id, question_id: 'none', text: 'So.' }),
    outcome: refused('approval.answer_requested'),
  },
  'tool.pause_requested': {
    data: ({ run_id }) => ({ tool_name, reason: run_id }),
    outcome: switchOutcome(({ run_id, by }) => ({ paused: true, reason: run_id, by })),
  },
  'tool.resume_requested': {
    data: () => ({ tool_name }),
    outcome: switchOutcome(({ by }) => ({ paused: false, by })),
  },
};
const makesItself: readonly CommandName[] = [
  'run.requested',
  'tool.call_requested',
  'tool.pause_requested',
  'tool.resume_requested',
];

describe('who may command what, over the bus', () => {
  let standalone: Standalone;
  const keys: Record<string, string> = {};
  beforeAll(async () => {
    standalone = await openStandalone();
    for (const person of people) keys[person] = await keyFor(standalone, `a ${person}`, rolesOf(person));
    keys['another'] = await keyFor(standalone, 'another', ['requester']);
  }, 60_000);
  afterAll(() => standalone.close());

  const send = (type: CommandName, key: string, data: object) =>
    standalone.bus.publish([{ topic: type, key, headers: {}, value: Buffer.from(JSON.stringify(data)) }]);
  const tokenOf = (person: string, type: CommandName, data: object) =>
    standalone.ask('POST', '/auth/tokens', { key: keys[person], body: { command: { type, data } } });

  it('is said of every command that there is', () => {
    expect(Object.keys(commands).toSorted()).toEqual(commandNames.toSorted());
  });

  it.each(Object.keys(commands) as CommandName[])(
    '%s',
    async (type) => {
      const { data, owned, nobodyMay, onlyOthers, outcome } = commands[type];
      for (const person of people) {
        for (const owner of onlyOthers || !may(person, 'runs:write') ? ['another'] : [person, 'another']) {
          const allowed = may(person, commandScopes[type]);
          const isMade = allowed && !makesItself.includes(type);
          const by = `a ${person}`;
          const target = isMade
            ? { ...(await pausedRun(standalone, keys[owner]!)), by }
            : { run_id: randomUUID(), approval_id: 'none', by };
          const said = data(target);
          const response = await tokenOf(person, type, said);
          expect(response.status, `a token for ${person}`).toBe(allowed ? 201 : 403);
          if (!allowed) continue;
          const { token } = (await response.json()) as { token: string };
          await send(type, target.run_id, { ...said, token });
          const became = await vi.waitUntil(() => outcome(standalone, target), { timeout: 10_000 });
          const mayDo = !nobodyMay && (!owned || owner === person || isAdmin(person));
          expect(became, `${owner === person ? 'their own' : "another's"}, as ${person}`).toBe(
            mayDo ? 'obeyed' : 'refused',
          );
        }
      }
    },
    60_000,
  );

  it.each(Object.keys(commands) as CommandName[])(
    '%s of nobody is refused in an event, and no dead letter',
    async (type) => {
      const { run_id, approval_id } = await pausedRun(standalone, keys['another']!);
      const key = makesItself.includes(type) ? randomUUID() : run_id;
      await send(type, key, commands[type].data({ run_id: key, approval_id, by: 'nobody' }));
      await vi.waitUntil(() => isRefused(standalone, type, key), { timeout: 10_000 });
      expect((await get(standalone, '/dead-letters')).data).toEqual([]);
      expect(await get(standalone, `/approvals/${approval_id}`)).toMatchObject({ status: 'pending' });
      expect(await get(standalone, `/runs/${run_id}`)).toMatchObject({ status: 'PAUSED' });
    },
  );
});
