import { eventJsonSchema, eventNames, type EventName } from '@countersign/contracts';

/** A schema registry that speaks Confluent's API. */
export interface Registry {
  url: URL;
  /** Of its `Authorization` header. */
  authorization: string | undefined;
  /** What the names of topics begin with. */
  prefix: string;
}

/** What came of one schema. */
export interface Registered {
  subject: string;
  id: number | null;
  /** Why it was not taken; null: it was. */
  error: string | null;
}

const timeoutMs = 10_000;
const mediaType = 'application/vnd.schemaregistry.v1+json';

/**
 * Registers the schema of each event as that of the values of its topic (TopicNameStrategy). A schema that is registered
 * already gets the id that it has, so it can be done again at any time.
 */
export async function* registerSchemas(registry: Registry): AsyncGenerator<Registered, void> {
  for (const name of eventNames) yield await register(registry, name);
}

async function register({ url, authorization, prefix }: Registry, name: EventName): Promise<Registered> {
  const subject = `${prefix}${name}-value`;
  const base = url.href.endsWith('/') ? url : new URL(`${url.href}/`);
  const answer = await fetch(new URL(`subjects/${encodeURIComponent(subject)}/versions`, base), {
    method: 'POST',
    headers: { 'content-type': mediaType, accept: mediaType, ...(authorization && { authorization }) },
    body: JSON.stringify({ schemaType: 'JSON', schema: JSON.stringify(eventJsonSchema(name)) }),
    redirect: 'error',
    signal: AbortSignal.timeout(timeoutMs),
  });
  const said = (await answer.json().catch(() => ({}))) as { id?: unknown; message?: unknown };
  if (answer.ok && typeof said.id === 'number') return { subject, id: said.id, error: null };
  return { subject, id: null, error: typeof said.message === 'string' ? said.message : `HTTP ${answer.status}` };
}
