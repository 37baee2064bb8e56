/** What one look came to. */
export interface Finding {
  what: string;
  state: 'ok' | 'unsure' | 'bad' | 'skipped';
  found: string;
  /** What to do about it. */
  advice?: string;
}

/** Looks, and makes a finding of whatever goes wrong. @param look says what it found. */
export async function finding(
  what: string,
  look: () => Promise<string | Omit<Finding, 'what'>>,
  advice: string,
): Promise<Finding> {
  try {
    const found = await look();
    return typeof found === 'string' ? { what, state: 'ok', found } : { what, ...found };
  } catch (error) {
    return { what, state: 'bad', found: error instanceof Error ? error.message : String(error), advice };
  }
}
