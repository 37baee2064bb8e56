import type {} from 'vitest';

/**
 * What a spec can `inject`: the servers of this test run, started by `tools/vitest-infra.ts` or named by the
 * environment. Undefined where there are none and Java and Maven to start them are missing.
 */
export interface ProvidedInfra {
  kafkaBrokers: string | undefined;
  mongodbUri: string | undefined;
}

declare module 'vitest' {
  interface ProvidedContext extends ProvidedInfra {}
}
