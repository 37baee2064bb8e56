import { writeSync } from 'node:fs';
import { loadToolModules } from './tool-modules.js';

// The program that `definitionsApart` starts: it imports the modules of its arguments, and writes to file descriptor 3
// what they define, since the modules may print whatever they like.
const answer = await loadToolModules(process.argv.slice(2)).then(
  (tools) => ({ definitions: tools.map(({ definition }) => definition) }),
  (error: unknown) => ({ problem: error instanceof Error ? error.message : String(error) }),
);
const bytes = Buffer.from(JSON.stringify(answer));
for (let written = 0; written < bytes.length;) written += writeSync(3, bytes, written);
// Whatever a module has begun, such as a timer, is not awaited.
process.exit(0);
