import type { Event, EventsTo, ServiceName } from '@countersign/contracts';
import { applyDecorators, Catch, UseFilters, type RpcExceptionFilter } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { throwError, type Observable } from 'rxjs';

/** Names the transport, and so the consumer group, whose handlers a method is among. */
export const transportOf = (service: ServiceName): symbol => Symbol.for(`countersign/${service}`);

/** Nest would turn what a handler throws into "Internal server error"; the bus has to see the error itself. */
@Catch()
class PassErrorsOn implements RpcExceptionFilter {
  catch(error: unknown): Observable<never> {
    return throwError(() => error);
  }
}

type EventHandler<S extends ServiceName, N extends EventsTo<S>> = TypedPropertyDescriptor<
  (event: Event<N>) => Promise<void>
>;

/**
 * Makes a controller method the service's handler of an event of the catalogue. Resolving acknowledges the event;
 * see the bus for what an error does.
 */
export function OnEvent<S extends ServiceName, N extends EventsTo<S>>(service: S, name: N) {
  const decorate = applyDecorators(EventPattern<string>(name, transportOf(service)), UseFilters(new PassErrorsOn()));
  return (target: object, key: string, descriptor: EventHandler<S, N>): void => decorate(target, key, descriptor);
}
