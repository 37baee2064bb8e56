import { secondsOf } from '@countersign/contracts/time';
import { CountersignClient } from '@countersign/client';
import { z } from 'zod';
import type { Context } from '../connection/context.js';
import type { Finding } from '@countersign/doctor';
import { finding } from './finding.js';
import { plural } from '../terminal/words.js';

const Ready = z.object({ checks: z.record(z.string(), z.string()) });
const Jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

/** Seconds that two clocks may be apart before tokens and deadlines are judged differently. */
const mostSkew = 5;

/** What a server says of itself, and what it thinks of whoever asks. */
export async function checkServer({ client, connection: { url } }: Context): Promise<Finding[]> {
  // Public, also without a key.
  const anybody = new CountersignClient({ url, timeout_ms: 10_000 });
  const live = await finding(
    'server',
    async () => {
      const response = await anybody.fetch('GET', '/health/live');
      if (!response.ok) throw new Error(`${url} answered ${response.status}`);
      return `${url} runs`;
    },
    'Start it (npm start), or name another with --url.',
  );
  if (live.state !== 'ok') return [live];
  return [
    live,
    ...(await readiness(anybody)),
    await finding('clock', () => skew(anybody), 'Set the clock of one of the two; NTP does that.'),
    await finding('signing keys', () => publicKeys(anybody), 'Set DECISION_SIGNING_KEYS of the approval service.'),
    await finding('key', () => identity(client), 'Sign in again: countersign login'),
    await finding('kill switches', () => switches(client), 'The key needs the scope executions:read.'),
  ];
}

/** One finding for each thing that must work for the server to be ready. */
async function readiness(client: CountersignClient): Promise<Finding[]> {
  const response = await client.fetch('GET', '/health/ready');
  const { checks } = Ready.parse(await response.json());
  return Object.entries(checks).map(([what, outcome]) =>
    outcome === 'ok'
      ? { what, state: 'ok', found: 'ready' }
      : { what, state: 'bad', found: outcome, advice: adviceOn(what) },
  );
}

const mcpAdvice = 'Are they up, and do they fit mcp_servers? What needs them waits until then.';

/** By the name of a check of `GET /health/ready`; the others are consumer groups. */
const advice: Partial<Record<string, string>> = {
  store: 'Is MongoDB up, and can the server reach MONGODB_URI? It retries with backoff.',
  log: 'Is Kafka up, and can the server reach KAFKA_BROKERS? It retries with backoff.',
  installation: 'See Backups and recovery in docs/operations.md: countersign recover.',
  'other-installations': 'Give each installation a KAFKA_PREFIX of its own: what one skips, the other may never see.',
  'agent-runner/mcp-servers': mcpAdvice,
  'executor/mcp-servers': mcpAdvice,
};

const adviceOn = (what: string): string =>
  advice[what] ?? 'It joins its consumer group as soon as Kafka lets it. If it never does, see its log.';

async function skew(client: CountersignClient): Promise<string | Omit<Finding, 'what'>> {
  const response = await client.fetch('GET', '/health/live');
  const date = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(date)) return { state: 'skipped', found: 'the server does not tell the time' };
  // It tells whole seconds.
  const seconds = Math.round(secondsOf(date + 500 - Date.now()));
  if (Math.abs(seconds) <= mostSkew) return 'the same here and there';
  throw new Error(`the server is ${plural(Math.abs(seconds), 'second')} ${seconds > 0 ? 'ahead' : 'behind'}`);
}

async function publicKeys(client: CountersignClient): Promise<string> {
  const { keys } = Jwks.parse(await client.request('GET', '/.well-known/jwks.json'));
  if (keys.length === 0) throw new Error('the server has none, so no decision can be verified');
  return `${plural(keys.length, 'key')} to verify decisions with`;
}

async function identity(client: CountersignClient): Promise<string> {
  const { subject, roles } = await client.auth.me();
  return `${subject} (${roles.join(', ')})`;
}

async function switches(client: CountersignClient): Promise<string | Omit<Finding, 'what'>> {
  const paused = (await client.executions.switches())
    .filter(({ paused }) => paused)
    .map(({ tool_name }) => tool_name ?? 'every tool');
  if (paused.length === 0) return 'nothing is paused';
  return { state: 'unsure', found: `paused: ${paused.join(', ')}`, advice: 'To start calls again: countersign resume' };
}
