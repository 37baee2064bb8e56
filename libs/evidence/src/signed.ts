import type { Entry, ServiceKey } from './bundle.js';

export type Claims = Record<string, unknown>;

/**
 * The claims of a compact JWS (EdDSA) of this type by one of these keys; else why there are none. When a key was withdrawn is
 * decided by positions in the record: whoever got hold of an old key can sign any time, and no earlier place.
 */
export async function claimsOf(
  jws: unknown,
  typ: string,
  keys: readonly ServiceKey[],
  { index }: Pick<Entry, 'index'>,
): Promise<{ claims: Claims; kid: string } | { reason: string }> {
  if (typeof jws !== 'string') return { reason: 'it is not signed' };
  const [head = '', payload = '', signature = '', ...more] = jws.split('.');
  try {
    const header = JSON.parse(new TextDecoder().decode(bytesOf(head))) as Record<string, unknown>;
    if (more.length > 0 || header['alg'] !== 'EdDSA' || header['typ'] !== typ)
      return { reason: 'it is signed as something else' };
    const named = keys.filter(({ kid }) => kid === header['kid']);
    if (named.length === 0) return { reason: 'its key is not among those that the record trusts' };
    const key = named.find(({ until }) => until === undefined || index < until);
    if (!key) return { reason: 'its key was withdrawn before' };
    const publicKey = await crypto.subtle.importKey('raw', bytesOf(key.x), 'Ed25519', false, ['verify']);
    const signed = new TextEncoder().encode(`${head}.${payload}`);
    if (!(await crypto.subtle.verify('Ed25519', publicKey, bytesOf(signature), signed)))
      return { reason: 'its signature is of something else' };
    return { claims: JSON.parse(new TextDecoder().decode(bytesOf(payload))) as Claims, kid: key.kid };
  } catch {
    return { reason: 'its signature cannot be read' };
  }
}

/** The first of these that is another in the event than what was signed. */
export const difference = (claims: Claims, data: Claims, names: readonly string[]): string | undefined =>
  names.find((name) => (claims[name] ?? null) !== (data[name] ?? null));

/** `sha256:` and the hex SHA-256 of a text. */
export async function digestOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return `sha256:${Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** JSON in the one way there is to write it (RFC 8785). */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const object = value as Record<string, unknown>;
  const names = Object.keys(object).toSorted();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonical(object[name])}`).join(',')}}`;
}

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64url.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0));
