import { z } from 'zod';
import { publicJwks, type KeyRing } from './key-ring.js';

/** A JWK Set of public keys, as it is published (RFC 7517). */
export const Jwks = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) }).meta({ id: 'Jwks' });

/** What a service signs with, once it has started. */
export class OwnKeys {
  #ring: KeyRing | undefined;

  constructor(private readonly openRing: () => Promise<KeyRing>) {}

  /** @throws ConfigError when there are no keys. */
  async open(): Promise<void> {
    this.#ring = await this.openRing();
  }

  get ring(): KeyRing {
    if (!this.#ring) throw new Error('the keys are not open yet');
    return this.#ring;
  }

  /** What others verify with. */
  jwks(): z.infer<typeof Jwks> {
    return { keys: publicJwks(this.ring).keys.map((key) => ({ ...key })) };
  }
}
