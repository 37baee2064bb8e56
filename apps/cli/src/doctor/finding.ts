import type { Check, Finding } from '@countersign/doctor';

/** Looks, one after the other, and makes a finding of whatever goes wrong. */
export async function findings(checks: readonly Check[]): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { what, look, advice } of checks) found.push(await finding(what, look, advice));
  return found;
}

/** Looks, and makes a finding of whatever goes wrong. @param look says what it found. */
export async function finding(what: string, look: Check['look'], advice: string): Promise<Finding> {
  try {
    const found = await look();
    return typeof found === 'string' ? { what, state: 'ok', found } : { what, ...found };
  } catch (error) {
    return { what, state: 'bad', found: error instanceof Error ? error.message : String(error), advice };
  }
}
