/** What one look came to. */
export interface Finding {
  what: string;
  state: 'ok' | 'unsure' | 'bad' | 'skipped';
  found: string;
  /** What to do about it. */
  advice?: string;
}

/** Something that is looked at. */
export interface Check {
  what: string;
  /** What it says is found; what it throws is what is wrong. */
  look(): Promise<string | Omit<Finding, 'what'>>;
  /** What to do when something is wrong. */
  advice: string;
}
