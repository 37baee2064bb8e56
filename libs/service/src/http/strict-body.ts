import { parseStrictJson } from '@countersign/contracts/json';
import { ProblemError } from '@countersign/contracts/problems';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';

/**
 * Reads JSON bodies. What people are shown and sign is exactly what was sent, so a body that could be read in two ways
 * is refused with 422, where it is and why.
 */
export function readStrictBodies(app: NestFastifyApplication, bodyLimit: number): void {
  app.useBodyParser('application/json', { bodyLimit }, (_request, body, done) => {
    const read = parseStrictJson(body as Buffer);
    if (read.ok) return done(null, read.value);
    const { code, path, message } = read.problem;
    if (code === 'not_json' || code === 'not_utf8')
      return done(new ProblemError(code, `The body cannot be read: ${message}.`));
    const detail = `The body cannot be taken exactly as it is, at "${path}": ${message}.`;
    done(new ProblemError(code, detail, { errors: [{ path, message }] }));
  });
}
