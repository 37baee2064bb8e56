import { Public } from '@countersign/auth';
import { dataSchema, eventJsonSchema, eventNames, type EventName } from '@countersign/contracts';
import { ProblemError } from '@countersign/contracts/problems';
import { Controller, Get, Header, Param } from '@nestjs/common';
import { z } from 'zod';
import { Returns } from '../http/openapi.js';

const byId = new Map<string, EventName>(eventNames.map((name) => [dataSchema(name), name]));
const forAnHour = 'public, max-age=3600';

/** What `dataschema` of an event names, at every service: it says nothing of this installation, and so is public. */
@Public()
@Controller('schemas')
export class SchemasController {
  @Get()
  @Returns(200, z.array(z.string()), 'The names of all schemas, as the `dataschema` of events has them.')
  list(): string[] {
    return [...byId.keys()];
  }

  @Get(':id')
  @Header('content-type', 'application/schema+json')
  @Header('cache-control', forAnHour)
  @Returns(
    200,
    z.looseObject({ $id: z.string() }),
    'The JSON Schema of the data of an event.',
    'application/schema+json',
  )
  one(@Param('id') id: string): string {
    const name = byId.get(id);
    if (name === undefined)
      throw new ProblemError('schema_not_found', `There is no schema "${id}". GET /schemas lists them.`);
    return JSON.stringify(eventJsonSchema(name));
  }
}
