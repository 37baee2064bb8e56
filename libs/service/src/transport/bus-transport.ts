import { eventsTo, type Event, type ServiceName } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { decode, type Bus, type Delivery, type Subscription } from '@countersign/messaging';
import { transportOf } from './on-event.js';

/**
 * Brings a service's events from the bus to its `@OnEvent` methods. The service is the consumer group, so several
 * services can live in one Nest application, each with a transport of its own.
 */
export class BusTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  override readonly transportId: symbol;
  #subscription: Subscription | undefined;

  constructor(
    private readonly service: ServiceName,
    private readonly bus: Bus,
  ) {
    super();
    this.transportId = transportOf(service);
  }

  /** Whether events can arrive now. */
  get joined(): boolean {
    return this.#subscription?.joined ?? false;
  }

  override listen(callback: () => void): void {
    const topics = eventsTo(this.service).toSorted();
    const missing = topics.filter((topic) => !this.messageHandlers.has(topic));
    if (missing.length > 0) throw new Error(`${this.service} has no handler for ${missing.join(', ')}`);
    this.#subscription = this.bus.subscribe({
      group: this.service,
      topics,
      handle: (delivery) => this.#dispatch(delivery),
    });
    callback();
  }

  override async close(): Promise<void> {
    await this.#subscription?.close();
  }

  override on(): never {
    throw new Error('the bus has no events of its own to listen to');
  }

  override unwrap<T>(): T {
    return this.bus as T;
  }

  async #dispatch(delivery: Delivery): Promise<void> {
    const event: Event = decode(delivery);
    const handler = this.messageHandlers.get(event.type);
    if (!handler) throw new TerminalError('not_handled_here', `${this.service} does not handle ${event.type}`);
    const result: unknown = await handler(event, new BaseRpcContext([delivery]));
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
}
