import type { ActingService } from '@countersign/contracts';
import { serve } from '@countersign/service';
import { taskOf, tell } from '../child.js';
import { configFor, createServices } from './services.js';

/** Serves some of the services, for loads that come over HTTP. */
const { env, names } = taskOf<{ env: Record<string, string>; names: ActingService[] }>();
const config = configFor(env);
const services = createServices(config);
const { url, stop } = await serve(
  config,
  names.map((name) => services[name]),
);
process.once('SIGTERM', () => void stop().then(() => process.exit(0)));
tell({ url });
