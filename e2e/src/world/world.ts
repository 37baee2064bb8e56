import type { RunOutput, RunStatus } from '@countersign/contracts/runs';
import { startModelServer, type ModelServer } from '@countersign/testing/model-server';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client, StartOptions } from './client.js';
import { pendingOf } from './flow.js';
import { ModelPlans } from '../runs/model-plans.js';
import { serviceNames, type Stack, type StackOptions } from './stack.js';

const fixtures = fileURLToPath(new URL('../../fixtures', import.meta.url));

export interface LedgerEntry {
  what: 'start' | 'end';
  tool: string;
  /** Of the execution. */
  id: string;
  attempt: number;
  /** Epoch milliseconds. */
  at: number;
}

const ends: readonly RunStatus[] = ['COMPLETED', 'ERROR', 'CANCELLED'];

export type MakeStack = (options: StackOptions) => Stack;

/** A key that an error must never show. */
export const apiKey = 'sk-never-to-be-shown-0123456789';

/** A stack with agents of its own, a model that says what a scenario wants, and a ledger of what was really done. */
export class World {
  readonly #dir = mkdtempSync(join(tmpdir(), 'countersign-world-'));
  readonly #makeStack: MakeStack;
  readonly #env: Record<string, string>;
  stack!: Stack;
  model!: ModelServer;
  plans!: ModelPlans;

  /** @param fixture the file that declares agents and tools. */
  constructor(makeStack: MakeStack, env: Record<string, string> = {}, fixture = 'countersign.yaml') {
    this.#makeStack = makeStack;
    this.#env = env;
    writeFileSync(this.definitions, definitions(fixture));
  }

  async open(): Promise<void> {
    this.model = await startModelServer();
    this.plans = new ModelPlans(this.model);
    this.stack = this.#makeStack({
      env: {
        COUNTERSIGN_CONFIG: this.definitions,
        OPENAI_BASE_URL: this.model.url,
        OPENAI_API_KEY: apiKey,
        TOOL_LEDGER: this.#ledger,
        ...this.#env,
      },
    });
    await this.stack.start();
  }

  async close(): Promise<void> {
    await this.stack?.close();
    await this.model?.stop();
    // A program that a killed executor had started may still write there.
    rmSync(this.#dir, { recursive: true, force: true, maxRetries: 10 });
  }

  get client(): Client {
    return this.stack.client;
  }

  start(input: string, options: StartOptions = {}): Promise<RunOutput> {
    return this.client.startRun(input, { agent: 'worker', ...options });
  }

  /** Starts a run and waits until it is paused and its approvals are there. */
  async startPaused(input: string, approvals = 1, options: StartOptions = {}) {
    const { run_id } = await this.start(input, options);
    const run = await this.client.waitForRun(run_id, ['PAUSED', 'COMPLETED', 'ERROR']);
    if (run.status !== 'PAUSED') throw new Error(`the run is ${run.status}: ${run.error}`);
    const pending = await pendingOf(this.client, run_id, approvals);
    return { run, approval: pending[0]!, pending };
  }

  /** The run once it is over. @throws when it is not by then, with what it waits for and what the services said */
  async ended(runId: string, seconds = 30): Promise<RunOutput> {
    let run: RunOutput;
    let left = seconds;
    // A request waits for a minute at most.
    do {
      run = await this.client.waitForRun(runId, ends, Math.min(left, 60));
      if (ends.includes(run.status)) return run;
      left -= 60;
    } while (left > 0);
    const { data } = await this.client.executions.list({ run_id: runId, limit: 100 });
    const executions = data.map(({ tool_call_id, status, attempts }) => ({ tool_call_id, status, attempts }));
    const logs = serviceNames.flatMap((service) => this.stack.children(service).map((child) => child.output()));
    const tails = logs.map((log) => log.slice(-2_000)).join('\n---\n');
    throw new Error(
      `waited ${seconds} s for the end of ${JSON.stringify({ run, executions }, undefined, 1)}\n${tails}`,
    );
  }

  /** What the model was told of the calls, when it was asked for the last time. */
  lastRequest(input: string) {
    return this.plans.requests(input).at(-1);
  }

  /** What the target was told to do and has done, oldest first; see `fixtures/target.ts`. */
  ledger(): LedgerEntry[] {
    if (!existsSync(this.#ledger)) return [];
    const lines = readFileSync(this.#ledger, 'utf8').trim().split('\n').filter(Boolean);
    return lines.map((line) => {
      const [what, tool, id, attempt, at] = line.split(' ') as [LedgerEntry['what'], string, string, string, string];
      return { what, tool, id, attempt: Number(attempt), at: Number(at) };
    });
  }

  /** The attempts with which the target was told to make a call. */
  startsOf({ id }: { id: string }): number[] {
    return this.ledger().flatMap((entry) => (entry.what === 'start' && entry.id === id ? [entry.attempt] : []));
  }

  /** How often a call with this line was made, ever. */
  timesWritten(line: string): number {
    if (!existsSync(this.#ledger)) return 0;
    return readFileSync(this.#ledger, 'utf8')
      .split('\n')
      .filter((each) => each === line).length;
  }

  /** As somebody else would, of whom nobody here knows. */
  write(line: string): void {
    appendFileSync(this.#ledger, `${line}\n`);
  }

  /** A file that calls can wait for. */
  gate(): { path: string; open(): void } {
    const path = join(this.#dir, `gate-${randomUUID()}`);
    return { path, open: () => writeFileSync(path, '') };
  }

  /** Calls of `stamps` get as far as the question what tools there are, and no further until it is released. */
  holdStamps(): { release(): void } {
    writeFileSync(`${this.#ledger}.hold`, '');
    return { release: () => rmSync(`${this.#ledger}.hold`) };
  }

  /** From now on `stamps` says of `stamp_lightly` that it may destroy something. */
  makeStampsHarmful(): void {
    writeFileSync(`${this.#ledger}.harmful`, '');
  }

  /** Changes the file that declares agents and tools. */
  redefine(before: string, after: string): void {
    const text = readFileSync(this.definitions, 'utf8');
    if (!text.includes(before)) throw new Error(`the definitions do not contain ${before}`);
    writeFileSync(this.definitions, text.replace(before, after));
  }

  /** The file that declares agents and tools. */
  get definitions(): string {
    return join(this.#dir, 'countersign.yaml');
  }

  get #ledger(): string {
    return join(this.#dir, 'ledger.txt');
  }
}

/** A line that no other call writes. */
export const aLine = (): string => `line ${randomUUID()}`;

/** The file of the fixtures, fit for being anywhere. */
const definitions = (fixture: string): string =>
  readFileSync(join(fixtures, fixture), 'utf8').replaceAll(/(?<=[\s,[])\.\//g, `${fixtures}/`);
