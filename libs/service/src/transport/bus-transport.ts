import { eventsTo, isCommand, isEventName, type Event, type ServiceName } from '@countersign/contracts';
import { TerminalError } from '@countersign/contracts/problems';
import type { Clock } from '@countersign/contracts/time';
import { BaseRpcContext, Server, type CustomTransportStrategy } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { decode, identify, type Bus, type Delivery, type Handler, type Subscription } from '@countersign/messaging';
import { processing, tracedHandler } from '../tracing/traced-bus.js';
import { noTracing, type Tracing } from '../tracing/tracing.js';
import { transportOf } from './on-event.js';
import { Refusals } from './refusals.js';

/**
 * Brings a service's events from the bus to its `@OnEvent` methods. The service is the consumer group, so several
 * services can live in one Nest application, each with a transport of its own.
 */
export class BusTransport extends Server implements CustomTransportStrategy {
  override readonly propagatesEventHandlerErrors = true;
  override readonly transportId: symbol;
  readonly #refusals: Refusals;
  #subscription: Subscription | undefined;

  constructor(
    private readonly service: ServiceName,
    private readonly bus: Bus,
    now: Clock,
    /** Takes the messages as they are, in place of methods for events. */
    private readonly raw?: Handler,
    private readonly tracing: Tracing = noTracing,
  ) {
    super();
    this.#refusals = new Refusals(service, bus, now);
    this.transportId = transportOf(service);
  }

  /** Whether events can arrive now. */
  get joined(): boolean {
    return this.#subscription?.joined ?? false;
  }

  override listen(callback: () => void): void {
    const topics = eventsTo(this.service).toSorted();
    const missing = this.raw ? [] : topics.filter((topic) => !this.messageHandlers.has(topic));
    if (missing.length > 0) throw new Error(`${this.service} has no handler for ${missing.join(', ')}`);
    this.#subscription = this.bus.subscribe({
      group: this.service,
      topics,
      handle: this.raw ? tracedHandler(this.service, this.raw, this.tracing) : (delivery) => this.#dispatch(delivery),
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
    const event = await this.#read(delivery);
    // What the handler stores and answers belongs to this span.
    await this.tracing.span(...processing(this.service, delivery, event.id, event), (span) =>
      this.#obey({ ...event, ...span.context }, delivery),
    );
  }

  async #obey(event: Event, delivery: Delivery): Promise<void> {
    try {
      await this.#handle(event, delivery);
    } catch (error) {
      if (!isCommand(event.type) || !(error instanceof TerminalError)) throw error;
      await this.#refusals.publish(event, { reason: error.message, code: error.code });
    }
  }

  /** Whoever sent a command that cannot be read is answered, if there is anything to name it by; its bytes are kept. */
  async #read(delivery: Delivery): Promise<Event> {
    try {
      return decode(delivery);
    } catch (error) {
      const { topic: type } = delivery;
      if (isEventName(type) && isCommand(type) && error instanceof TerminalError)
        await this.#refusals.publish({ ...identify(delivery), type }, { reason: error.message, code: error.code });
      throw error;
    }
  }

  async #handle(event: Event, delivery: Delivery): Promise<void> {
    const handler = this.messageHandlers.get(event.type);
    if (!handler) throw new TerminalError('not_handled_here', `${this.service} does not handle ${event.type}`);
    const result: unknown = await handler(event, new BaseRpcContext([delivery]));
    if (isObservable(result)) await lastValueFrom(result, { defaultValue: undefined });
  }
}
