import { taskOf, tell } from '../child.js';
import { startInProcess } from './in-process.js';
import { measureAll, type Load } from './load.js';
import { configFor } from './services.js';

const { env, loads } = taskOf<{ env: Record<string, string>; loads: Load[] }>();
const system = await startInProcess(configFor(env));
tell({ measured: await measureAll(system.cycle, loads) });
await system.stop();
process.exit(0);
