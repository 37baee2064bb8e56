import type { Event, EventData } from '@countersign/contracts';
import { canonicalJson } from '@countersign/contracts/json';
import { RetryableError } from '@countersign/contracts/problems';
import { agentOf, type AgentDefinition } from '@countersign/definitions';
import { openTemporaryDatabase } from '@countersign/testing';
import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '@countersign/persistence';
import { agentVersionCollection, AgentVersions, type AgentVersion } from './agent-versions.js';
import { agent, now, tools } from '../../test/run.fixtures.js';
import { agentVersionsIn, silent } from '../../test/runner.fixtures.js';

const { version: _, ...definition } = agent;

describe('the version of an agent', () => {
  it('is the same for the same definition, in whatever order it is written', () => {
    const reversed = Object.fromEntries(Object.entries(definition).toReversed()) as AgentDefinition;
    expect(agentOf(reversed).version).toBe(agent.version);
    expect(agentOf(structuredClone(definition)).version).toBe(agent.version);
  });

  it.each<[string, Partial<AgentDefinition>]>([
    ['its name', { name: 'Other' }],
    ['its description', { description: 'Runs things.' }],
    ['its instructions', { instructions: 'Do something else.' }],
    ['its model', { model: 'gpt-5' }],
    ['its steps', { max_steps: 21 }],
    ['its budget', { budget: { tokens: 1, seconds: null } }],
    ['its deadline', { deadline_in: 60 }],
    ['its history', { history: { max_items: 99, max_tokens: 20_000 } }],
    ['the order of its tools', { tools: definition.tools.toReversed() }],
    ['a tool fewer', { tools: definition.tools.slice(1) }],
    ['the description of a tool', { tools: [{ ...tools.look_up, description: 'Finds it.' }] }],
    ['the gate of a tool', { tools: [{ ...tools.look_up, requires: 'confirmation' }] }],
    ['the parameters of a tool', { tools: [{ ...tools.look_up, parameters: { type: 'object' } }] }],
  ])('changes with %s', (_change, change) => {
    const before = change.tools?.length === 1 ? agentOf({ ...definition, tools: [tools.look_up] }) : agent;
    expect(agentOf({ ...definition, ...change }).version).not.toBe(before.version);
  });
});

describe('kept definitions', () => {
  let close: () => void;
  let store: Store<AgentVersion>;
  beforeEach(() => {
    const temporary = openTemporaryDatabase();
    close = temporary.close;
    store = temporary.database.collection(agentVersionCollection).store;
  });
  afterEach(() => close());

  const versions = (over = store, publish: (events: readonly Event[]) => void = () => {}, log = silent) =>
    new AgentVersions(
      agentVersionsIn(over, () => now, publish),
      () => now,
      log,
    );

  it('are there after a restart as they were', async () => {
    await versions().keep(agent);
    expect(await versions().get(agent.version)).toEqual(agent);
  });

  it('are kept once, whoever keeps them', async () => {
    const [one, other] = [versions(), versions()];
    await Promise.all([one.keep(agent), other.keep(agent), one.keep(agent)]);
    await one.keep(agent);
    expect(await store.count({})).toBe(1);
    expect(await other.get(agent.version)).toEqual(agent);
  });

  it('are published once, with what their digest is of', async () => {
    const published: Event[] = [];
    for (const each of [versions(store, (events) => void published.push(...events)), versions()])
      await each.keep(agent);
    expect(published).toMatchObject([
      { type: 'config.agent_declared', key: agent.version, data: { agent_id: agent.id } },
    ]);
    const { version, definition: said } = published[0]!.data as EventData<'config.agent_declared'>;
    expect(hash('sha256', canonicalJson(said)).slice(0, 32)).toBe(version);
    expect(said).toEqual(JSON.parse(JSON.stringify(definition)));
  });

  it('are kept where they are too large to be published', async () => {
    const error = vi.fn();
    const large = agentOf({ ...definition, instructions: 'x'.repeat(2 ** 20) });
    await versions(store, undefined, { ...silent, error }).keep(large);
    expect(error).toHaveBeenCalledOnce();
    expect(await versions().get(large.version)).toEqual(large);
  });

  it('that there are not are not found', async () => {
    expect(await versions().get('unknown')).toBeUndefined();
  });

  it('count as kept only once they are stored', async () => {
    let down = true;
    const troubled: Store<AgentVersion> = {
      get: (id) => store.get(id),
      find: (query) => store.find(query),
      count: (filter) => store.count(filter),
      remove: (filter, limit) => store.remove(filter, limit),
      commit: async (commit) => {
        if (down) throw new RetryableError('out of reach');
        return store.commit(commit);
      },
    };
    const kept = versions(troubled);
    await expect(kept.keep(agent)).rejects.toThrow(RetryableError);
    expect(await kept.get(agent.version)).toBeUndefined();
    down = false;
    await kept.keep(agent);
    expect(await store.get(agent.version)).toMatchObject({ definition: { instructions: agent.instructions } });
  });
});
