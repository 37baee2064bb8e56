import { environment } from '@countersign/service/environment';

// Loaded only now: taking the environment may have started this process over.
const { start } = await import('./start.js');
await start(environment);
