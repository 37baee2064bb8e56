import type { stored } from '@countersign/contracts';
import type { Run } from '@countersign/contracts/runs';
import type { Clock } from '@countersign/contracts/time';
import { agentOf, type Agent, type AgentDefinition } from '@countersign/definitions';
import { insertOnce, newRecord, type Collection, type Store } from '@countersign/persistence';
import type { z } from 'zod';
import { incompatibilities, stillPossible } from './agent-version.js';
import type { Agents } from './agents.js';

/** A definition that some run started with. Its key is its digest, so it never changes. */
export type AgentVersion = { id: string; definition: AgentDefinition } & {
  [K in keyof typeof stored]: z.infer<(typeof stored)[K]>;
};

export const agentVersionCollection: Collection<AgentVersion> = { name: 'agent_versions', key: 'id', indexes: [] };

/** Why a run cannot go on with any definition; `wait` when that may pass. */
export interface Unfit {
  problem: string;
  wait?: true;
}

/** Keeps the definitions that runs started with, for as long as there are runs. */
export class AgentVersions {
  readonly #known = new Map<string, Agent>();

  constructor(
    private readonly store: Store<AgentVersion>,
    private readonly now: Clock,
  ) {}

  /** Stores a definition before the first run depends on it. */
  async keep(agent: Agent): Promise<void> {
    if (this.#known.has(agent.version)) return;
    const { version: id, ...definition } = agent;
    await insertOnce(this.store, { id, definition, ...newRecord(this.now()) });
    this.#known.set(agent.version, agent);
  }

  async get(version: string): Promise<Agent | undefined> {
    const known = this.#known.get(version);
    if (known) return known;
    const stored = await this.store.get(version);
    if (!stored) return undefined;
    const agent = agentOf(stored.definition);
    this.#known.set(version, agent);
    return agent;
  }

  /** The definition that a run works with, or why it cannot go on, or not yet. */
  async forRun(
    { agent_id, agent_version, calls }: Run,
    agents: Pick<Agents, 'get' | 'missing'>,
  ): Promise<Agent | Unfit> {
    const current = agents.get(agent_id);
    if (!current) {
      const missing = agents.missing(agent_id);
      return missing === undefined
        ? { problem: `there is no agent "${agent_id}" any more` }
        : { problem: missing, wait: true };
    }
    if (agent_version === null || agent_version === current.version) {
      await this.keep(current);
      return current;
    }
    const kept = await this.get(agent_version);
    if (!kept) return { problem: `the definition ${agent_version} that the run started with is not stored` };
    const called = new Set(calls.map(({ tool_execution }) => tool_execution.tool_name));
    const problems = incompatibilities(kept, current, called);
    if (problems.length === 0) return stillPossible(kept, current);
    return { problem: `agent "${agent_id}" has changed since the run started: ${problems.join('; ')}` };
  }
}
