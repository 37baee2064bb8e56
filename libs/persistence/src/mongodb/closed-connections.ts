import { createRequire } from 'node:module';
import type { EventEmitter } from 'node:events';

/** What is used here of the driver's connections. */
interface DriverConnection extends EventEmitter {
  /** Why it was closed. */
  error: Error | null;
  writeCommand(...args: unknown[]): Promise<void>;
}

const repaired = Symbol('fails commands of closed connections');

/**
 * Version 7.9.0 of the driver encodes a command after it has seen that its connection is open, and then writes it. When
 * the connection is closed in between, as all of a pool are when one of them breaks, the socket takes nothing and never
 * drains, and the command stays without an answer for ever: no timeout of the socket applies to one that is closed, and
 * the connection keeps its place in the pool. Here it fails with the reason why the connection was closed.
 *
 * @throws when the driver has no such place
 */
export function failCommandsOfClosedConnections(): void {
  const load = createRequire(import.meta.url);
  const { Connection } = load('mongodb/lib/cmap/connection') as {
    Connection: { CLOSE?: string; prototype: DriverConnection & { [repaired]?: boolean } };
  };
  const { CLOSE, prototype } = Connection;
  if (prototype[repaired]) return;
  const { writeCommand } = prototype;
  if (typeof writeCommand !== 'function' || typeof CLOSE !== 'string')
    throw new Error('unsupported version of the MongoDB driver: its connections have no writeCommand');
  prototype[repaired] = true;
  prototype.writeCommand = async function (...args) {
    if (this.error) throw this.error;
    const closed = Promise.withResolvers<never>();
    const fail = () => closed.reject(this.error ?? new Error('the connection was closed'));
    this.once(CLOSE, fail);
    try {
      await Promise.race([writeCommand.apply(this, args), closed.promise]);
    } finally {
      this.off(CLOSE, fail);
    }
  };
}
