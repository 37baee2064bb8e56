import { ConfigError } from '@countersign/contracts/problems';
import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';

const usage = `npm start                   on an empty data directory, one sample run waits for your approval
npm start -- --no-sample    without it
npm start -- --showcase     with calls of many kinds to look at, in .countersign/showcase`;

const options = {
  'no-sample': { type: 'boolean', default: false },
  showcase: { type: 'boolean', default: false },
} as const;

/** The command line of `npm start`. @throws ConfigError that says what there is */
export function readOptions(args: string[]): { sample: boolean; showcase: boolean } {
  try {
    const { values } = parseArgs({ args, options });
    return { sample: !values['no-sample'] && !values.showcase, showcase: values.showcase };
  } catch (error) {
    throw new ConfigError(`${(error as Error).message}\n${usage}`);
  }
}

export const isEmpty = (directory: string): boolean => !existsSync(directory) || readdirSync(directory).length === 0;

/**
 * Starts a run of the example agent, so that there is something to approve. Another user requests it, since no one
 * approves their own request.
 */
export async function startSampleRun(url: string, key: string): Promise<void> {
  const response = await fetch(`${url}/agents/ops/runs`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': 'sample' },
    body: JSON.stringify({
      input: 'Deploy the auth-service version 2.1.0 to production.',
      user_id: 'a colleague',
    }),
  });
  if (!response.ok) throw new Error(`The sample run could not be started: ${await response.text()}`);
  await response.body?.cancel();
}
