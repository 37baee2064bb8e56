import type { Log } from '@countersign/contracts';

/** How a cluster knows its clients, and they it. */
export interface KafkaSecurity {
  /** Encrypted, as PEM: whom to trust besides the system's authorities, and what to show. Unset: in the clear. */
  tls?: { ca?: string; cert?: string; key?: string };
  sasl?: SaslLogin;
}

/** With a password, or with a token that is asked for at each login, with what a provider wants beside it. */
export type SaslLogin =
  | { mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'; username: string; password: string }
  | { mechanism: 'oauthbearer'; token(): Promise<string>; extensions?: Readonly<Record<string, string>> };

export interface KafkaServers {
  brokers: readonly string[];
  clientId: string;
  security?: KafkaSecurity | undefined;
  log: Log;
}
