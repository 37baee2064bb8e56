import { authorization } from '../credentials.js';

/** A request, or with a body a command. @throws when it is not answered with success. */
export async function send(url: string, body?: object): Promise<unknown> {
  const response = await fetch(url, {
    headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${response.status} from ${url}: ${await response.text()}`);
  return response.json();
}
