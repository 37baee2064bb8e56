import { ProblemError } from '@countersign/contracts/problems';
import multipart from '@fastify/multipart';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyRequest } from 'fastify';

/** Forms carry fields; what asks for more than that in one of them is refused. */
const limits = { files: 0, fields: 20, fieldSize: 650_000 };

/** Reads the fields of a multipart form as the body of its request. */
export async function acceptForms(app: NestFastifyApplication): Promise<void> {
  await app.register(multipart, { limits });
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('preValidation', async (request: FastifyRequest) => {
    if (request.isMultipart()) request.body = await fieldsOf(request);
  });
}

/** A field that is there several times has a list of values. */
async function fieldsOf(request: FastifyRequest): Promise<Record<string, unknown>> {
  const fields = new Map<string, unknown[]>();
  try {
    for await (const part of request.parts()) {
      if (part.type === 'file') throw new ProblemError('file_in_form', 'Forms carry fields here, and no files.');
      fields.set(part.fieldname, [...(fields.get(part.fieldname) ?? []), part.value]);
    }
  } catch (error) {
    // What the parser itself throws does not say whose fault it is.
    throw (error as { statusCode?: number }).statusCode === undefined
      ? new ProblemError('not_a_form', `The body is no multipart form: ${(error as Error).message}`)
      : error;
  }
  return Object.fromEntries([...fields].map(([name, values]) => [name, values.length > 1 ? values : values[0]]));
}
