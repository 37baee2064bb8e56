import { DataInUse, DiskFull } from '@countersign/sqlite';
import { ConfigError } from '../settings/config.js';
import type { Serving } from './service.js';

interface MainOptions {
  /** Whether to end, as on SIGTERM, once the process that started this one is gone. */
  withParent?: boolean;
}

/** Runs services until SIGTERM or SIGINT, then drains; a second signal ends it at once. */
export async function runMain(
  name: string,
  start: () => Promise<Serving>,
  { withParent = false }: MainOptions = {},
): Promise<void> {
  const serving = await start().catch((error: unknown) => {
    console.error(explain(error));
    process.exit(1);
  });
  console.log(introduction(name, serving));
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(130);
    stopping = true;
    serving.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGHUP', () => {
    // What loses its terminal ends, as programs do; a service has none.
    if (process.stdin.isTTY) return stop();
    serving.reread().catch((err: unknown) => serving.log.error({ err }, 'the configuration stays as it was'));
  });
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (withParent) whenOrphaned(stop);
}

const lookForParentEveryMs = 500;

function whenOrphaned(stop: () => void): void {
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    stop();
  }, lookForParentEveryMs);
  look.unref();
}

function introduction(name: string, { url, description, hint = '' }: Serving): string {
  const facts = Object.entries(description).map(([what, value]) => `  ${what.padEnd(6)} ${value}`);
  return [`${name} is at ${url}`, ...facts, hint].join('\n');
}

function explain(error: unknown): unknown {
  if (error instanceof ConfigError || error instanceof DataInUse || error instanceof DiskFull) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
    return `The disk is full: ${error.message}.`;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}. Stop what listens there, or set PORT to another port.`;
  }
  return error;
}
