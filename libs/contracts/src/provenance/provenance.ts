/** What CloudEvents' extensions Auth Context and Correlation say of an event: who did it, and what it came of. */
export interface Provenance {
  /** Unset: the sender does not say. */
  authtype: AuthType;
  /** The person or program, by their one spelling. */
  authid: string;
  /** JSON: by which credential they are known; never the credential itself. */
  authclaims: string;
  /** The id of the event or command that it is caused by. */
  causationid: string;
}

/** Kinds of actors, as Auth Context names them. `system`: the service itself. */
export type AuthType = 'app_user' | 'user' | 'service_account' | 'api_key' | 'system' | 'unauthenticated' | 'unknown';

export const provenanceNames = [
  'authtype',
  'authid',
  'authclaims',
  'causationid',
] as const satisfies readonly (keyof Provenance)[];

/** What there is of it. */
export function provenanceIn(said: { readonly [K in keyof Provenance]?: string | undefined }): Partial<Provenance> {
  const known = provenanceNames.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]]));
  return Object.fromEntries(known) as Partial<Provenance>;
}
