import type { Mechanism } from 'kafkajs';

/** A broker does not take the token. */
class TokenRefused extends Error {
  override name = 'SaslAuthenticationError';
}

const separator = '\u0001';

/**
 * SASL/OAUTHBEARER (RFC 7628), as the client library has it but for one thing: a broker refuses a token by what it answers
 * and not by an error, and the library takes that for a success.
 */
export const oauthBearer = (
  token: () => Promise<string>,
  extensions: Readonly<Record<string, string>> = {},
): Mechanism => ({
  mechanism: 'oauthbearer',
  authenticationProvider: ({ host, port, saslAuthenticate }) => ({
    async authenticate() {
      const fields = Object.entries({ auth: `Bearer ${await token()}`, ...extensions });
      const message = ['n,,', ...fields.map(([name, value]) => `${name}=${value}`), '', ''].join(separator);
      const answer = await saslAuthenticate({
        request: { encode: () => withLength(message) },
        response: { decode: withoutLength, parse: String },
      });
      if (answer) throw new TokenRefused(`${host}:${port} does not take the token: ${statusIn(answer)}`);
    },
  }),
});

function withLength(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const withoutLength = (bytes: Buffer): Buffer => bytes.subarray(4);

/** A code of OAuth. What else a broker says is not repeated. */
const statusIn = (answer: string): string => /"status":"([\w.-]{1,60})"/.exec(answer)?.[1] ?? 'no reason';
