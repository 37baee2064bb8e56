import { z } from 'zod';
import { DefinitionsFile } from './file.js';

/** The JSON Schema of `countersign.yaml`, for editors; draft 7 is what all of them know. */
export const definitionsJsonSchema = () => ({
  title: 'countersign.yaml',
  ...z.toJSONSchema(DefinitionsFile, { io: 'input', target: 'draft-7' }),
});
