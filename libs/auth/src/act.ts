import type { AuthType, Provenance } from '@countersign/contracts/provenance';
import type { Credential, Principal } from './principal.js';

const types: Readonly<Record<Credential['via'], AuthType>> = {
  key: 'api_key',
  jwt: 'user',
  session: 'user',
  channel: 'app_user',
};

/** How events say that somebody did something, from where, and by which credential: its id, which opens nothing. */
export function actOf({ subject, credential, address }: Principal, command?: { id: string }): Partial<Provenance> {
  const { via, id, key_id } = credential;
  return {
    authtype: types[via],
    authid: subject,
    authclaims: JSON.stringify({ via, credential: key_id ?? id, address }),
    ...(command && { causationid: command.id }),
  };
}
