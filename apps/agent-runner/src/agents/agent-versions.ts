import { emit, type Log } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import type { Run } from '@countersign/contracts/runs';
import type { Clock, EpochMillis } from '@countersign/contracts/time';
import { agentOf, type Agent, type AgentDefinition } from '@countersign/definitions';
import {
  changed,
  ignored,
  insertOnce,
  newRecord,
  type Collection,
  type CommandHandler,
  type StoredRecord,
  type Transition,
} from '@countersign/persistence';
import { incompatibilities, stillPossible } from './agent-version.js';
import type { Agents } from './agents.js';

/** A definition that some run started with. Its key is its digest, so it never changes. */
export interface AgentVersion extends StoredRecord {
  id: string;
  event_key: string;
  definition: AgentDefinition;
}

export const agentVersionCollection: Collection<AgentVersion> = { name: 'agent_versions', key: 'id', indexes: [] };

export interface AgentVersionMessage {
  type: 'begun_with';
  agent: Agent;
}

/** Published once, when the first run begins with it, so that evidence has what an agent was told to do. */
export function decideAgentVersion(
  known: AgentVersion | undefined,
  { agent: { version, ...definition } }: AgentVersionMessage,
  now: EpochMillis,
): Transition<AgentVersion> {
  if (known) return ignored('the definition is kept');
  const state = { id: version, event_key: version, definition, ...newRecord(now) };
  const declared = { agent_id: definition.id, version, definition: { ...definition } };
  return changed(state, emit('config.agent_declared', declared));
}

/** Why a run cannot go on with any definition; `wait` when that may pass. */
export interface Unfit {
  problem: string;
  wait?: true;
}

/** Keeps the definitions that runs started with, for as long as there are runs. */
export class AgentVersions {
  readonly #known = new Map<string, Agent>();

  constructor(
    private readonly versions: Pick<CommandHandler<AgentVersion, AgentVersionMessage>, 'execute' | 'store'>,
    private readonly now: Clock,
    private readonly log: Pick<Log, 'error'>,
  ) {}

  /** Stores a definition, and publishes it, before the first run depends on it. */
  async keep(agent: Agent): Promise<void> {
    const { version: id, ...definition } = agent;
    if (this.#known.has(id)) return;
    try {
      await this.versions.execute(id, { type: 'begun_with', agent }, { creates: true });
    } catch (err) {
      if (!(err instanceof TerminalError)) throw err;
      this.log.error({ err, agent_id: agent.id, version: id }, 'cannot publish an agent; evidence will lack it');
      await insertOnce(this.versions.store, { id, event_key: id, definition, ...newRecord(this.now()) });
    }
    this.#known.set(id, agent);
  }

  async get(version: string): Promise<Agent | undefined> {
    const known = this.#known.get(version);
    if (known) return known;
    const stored = await this.versions.store.get(version);
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
