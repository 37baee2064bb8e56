import { startModelServer } from '@countersign/testing/model-server';
import { tell } from './child.js';

const server = await startModelServer();
process.once('SIGTERM', () => process.exit(0));
tell({ url: server.url });
