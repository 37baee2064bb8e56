import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { Approval } from '../approvals/approval.js';
import { Run, RunOutput } from '../runs/run.js';
import {
  catalogue,
  eventNames,
  eventsTo,
  isCommand,
  isEventName,
  previews,
  refusals,
  type EventName,
  services,
  type EventData,
  type ServiceName,
} from './catalogue.js';
import type { Redaction } from './event-redaction.js';
import { eventSource } from './event.js';

const apps = fileURLToPath(new URL('../../../../apps/', import.meta.url));
/** The product's source of an app, as one text. */
const sourceOf = (service: ServiceName): string =>
  globSync(`${service}/src/**/*.ts`, { cwd: apps })
    .filter((file) => !/\.(spec|given)\.ts$/.test(file))
    .map((file) => readFileSync(apps + file, 'utf8'))
    .join('\n');
const sources = Object.fromEntries(services.map((service) => [service, sourceOf(service)]));
const isService = (party: string): party is ServiceName => (services as readonly string[]).includes(party);

describe.each(eventNames)('%s', (name) => {
  const { from, to, says } = catalogue[name];

  it('is called by what it is about and what happened', () => {
    expect(name).toMatch(/^(run|approval|tool|access|config|message|audit)\.[a-z]+(_[a-z]+)*$/);
    expect(says).toMatch(/^[A-Z].*\.$/);
  });

  it('is a command exactly when anyone may send it, and then asks for something', () => {
    expect(/[._]requested$/.test(name)).toBe(from === 'anyone');
    expect(says.startsWith('Command: ')).toBe(from === 'anyone');
  });

  it('is emitted by the service it comes from, and by no other', () => {
    // Whatever service handles a command answers that it is refused.
    const command = eventNames.filter(isCommand).find((each) => refusals[each] === name);
    const emitters = services.filter((service) =>
      sources[service]!.includes(command ? `@OnEvent('${service}', '${command}')` : `emit('${name}'`),
    );
    expect(emitters).toEqual(isService(from) ? [from] : []);
  });

  it('reaches somebody: each service it goes to handles it, and no other does', () => {
    expect(to.length).toBeGreaterThan(0);
    // The record takes whatever comes, and names no event.
    const others = services.filter((service) => service !== 'audit');
    const handlers = others.filter((service) => sources[service]!.includes(`@OnEvent('${service}', '${name}')`));
    expect(handlers).toEqual(others.filter((service) => (to as readonly string[]).includes(service)));
  });
});

describe('the catalogue', () => {
  it('says of every event how it is redacted, and must do something where arguments are', () => {
    // @ts-expect-error -- the compiler refuses an entry that shows the arguments of a call whole
    const shown: Redaction<EventData<'approval.resolved'>> = 'none';
    // @ts-expect-error -- also where they may be left out
    const commanded: Redaction<EventData<'approval.resolve_requested'>> = 'none';
    const plain: Redaction<EventData<'run.started'>> = 'none';
    expect([shown, commanded, plain]).toEqual(['none', 'none', 'none']);
    for (const name of eventNames)
      expect(catalogue[name].redaction === 'none' || typeof catalogue[name].redaction === 'function').toBe(true);
  });

  it('tells each service what it must handle', () => {
    expect(eventsTo('executor').toSorted()).toEqual([
      'approval.preview_asked',
      'approval.resolved',
      'run.cancelled',
      'run.failed',
      'tool.claim_requested',
      'tool.pause_requested',
      'tool.report_requested',
      'tool.resume_requested',
    ]);
    expect(eventsTo('approval-service').toSorted()).toEqual([
      'approval.answer_requested',
      'approval.created',
      'approval.escalated',
      'approval.glass_broken',
      'approval.question_answered',
      'approval.question_asked',
      'approval.reminder_due',
      'approval.resolve_requested',
      'approval.resolved',
      'run.cancelled',
      'run.completed',
      'run.failed',
      'tool.approval_required',
      'tool.previewed',
    ]);
    expect(eventsTo('agent-runner').toSorted()).toEqual([
      'approval.resolved',
      'run.cancel_requested',
      'run.requested',
      'tool.call_requested',
      'tool.execution_completed',
      'tool.execution_failed',
      'tool.execution_outcome_unknown',
    ]);
  });

  it('has the record hear everything but what it says of itself, and previews', () => {
    const ofItself: EventName[] = ['audit.recorded', 'audit.checkpoint_signed'];
    const heard = eventNames.filter((name) => !ofItself.includes(name) && !previews.has(name));
    expect(eventsTo('audit')).toEqual(heard);
  });

  it('knows no events but its own', () => {
    expect(isEventName('run.started')).toBe(true);
    for (const name of ['run.unheard_of', 'toString', '__proto__']) expect(isEventName(name)).toBe(false);
  });

  it('names the source of what a service publishes', () => {
    expect(eventSource('executor')).toBe('/countersign/executor');
  });
});

/** A field that is new is published by nobody, until it is named where it is published; these are the ones that are not. */
describe('what is internal', () => {
  const internal = (record: z.ZodObject, published: z.ZodObject) =>
    Object.keys(record.shape).filter((field) => !(field in published.shape));

  it('is not in what is published of an approval', () => {
    const hidden = ['deleted_at', 'due_at', 'reminders', 'sequence', 'traceparent', 'tracestate', 'version'];
    expect(internal(Approval, catalogue['approval.created'].schema).toSorted()).toEqual(hidden);
  });

  it('is not in what is shown of a run', () => {
    const hidden = [
      'asked',
      'calls',
      'due_at',
      'items',
      'journal',
      'lease',
      'queue_owner',
      'requested_at',
      'sequence',
      'set_back_at',
      'streamed',
      'unsettled',
      'working_since_ms',
    ];
    expect(internal(Run, RunOutput).toSorted()).toEqual(hidden);
  });

  it('is never what is left when some is taken away', () => {
    const contracts = fileURLToPath(new URL('..', import.meta.url));
    const files = globSync('**/*.ts', { cwd: contracts }).filter((file) => !file.endsWith('.spec.ts'));
    expect(files.filter((file) => /\.omit\(/.test(readFileSync(contracts + file, 'utf8')))).toEqual([]);
  });
});
