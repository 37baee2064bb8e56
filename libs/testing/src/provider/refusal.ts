/** Why the provider would not take a request, in the shape of its error. */
export interface Refusal {
  code: string;
  message: string;
  /** Which field of the request it is about. */
  param: string;
}

/** What the provider has handed out in earlier responses: it knows those ids again, whatever their form. */
export interface Issued {
  callIds: ReadonlySet<string>;
  /** The reasoning that came right before an item, by the item's id. */
  reasoningBefore: ReadonlyMap<string, string>;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
