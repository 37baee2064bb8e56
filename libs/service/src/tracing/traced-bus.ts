import { traceContextOf, traceHeaders, type TraceContext } from '@countersign/contracts/trace';
import type { Bus, Delivery, Handler, Message } from '@countersign/messaging';
import type { SpanOptions, Tracing } from './tracing.js';

type System = 'kafka' | 'sqlite';

/** A log whose messages say which span sent them, so that whoever handles one goes on with its trace. */
export function tracedBus(bus: Bus, tracing: Tracing, system: System): Bus {
  if (!tracing.isOn) return bus;
  return {
    async publish(messages) {
      const { sent, end } = sending(messages, tracing, system);
      try {
        await bus.publish(sent);
        end();
      } catch (error) {
        end((error as Error).name);
        throw error;
      }
    },
    subscribe: (options) => bus.subscribe(options),
    tail: (options) => bus.tail(options),
    read: (options) => bus.read(options),
    history: (options) => bus.history(options),
    lag: (options) => bus.lag(options),
    ping: () => bus.ping(),
    close: () => bus.close(),
  };
}

/** Messages, each sent in a span of its own, which is part of the trace that the message belongs to. */
export function sending(
  messages: readonly Message[],
  tracing: Tracing,
  system: System,
): { sent: readonly Message[]; end(error?: string): void } {
  if (!tracing.isOn) return { sent: messages, end() {} };
  const spans = messages.map((message) =>
    tracing.open(`send ${message.topic}`, {
      kind: 'producer',
      of: saidBy(message),
      attributes: {
        'messaging.system': system,
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'send',
        'messaging.destination.name': message.topic,
        'messaging.message.id': message.headers['ce_id'],
        'messaging.message.body.size': message.value?.length ?? 0,
        'messaging.batch.message_count': messages.length > 1 ? messages.length : null,
      },
    }),
  );
  return {
    sent: messages.map((message, n) => ({
      ...message,
      headers: { ...message.headers, ...traceHeaders(spans[n]!.context) },
    })),
    end: (error) => spans.forEach((span) => span.end(error)),
  };
}

/** The span in which a group handles a message. @param of the trace that the message says it belongs to */
export const processing = (
  group: string,
  { topic, partition, offset }: Pick<Delivery, 'topic' | 'partition' | 'offset'>,
  id: string | undefined,
  of: TraceContext,
): [name: string, options: SpanOptions] => [
  `process ${topic}`,
  {
    kind: 'consumer',
    of,
    attributes: {
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.consumer.group.name': group,
      'messaging.message.id': id,
      'messaging.kafka.offset': Number(offset),
    },
  },
];

/** A handler that takes messages as they are, in a span; what the message says is not touched. */
export const tracedHandler =
  (group: string, handle: Handler, tracing: Tracing): Handler =>
  (delivery) =>
    tracing.span(...processing(group, delivery, delivery.headers['ce_id'], saidBy(delivery)), () => handle(delivery));

const saidBy = ({ headers }: Pick<Message, 'headers'>): TraceContext =>
  traceContextOf(headers['traceparent'], headers['tracestate']);
