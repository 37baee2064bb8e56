// The health check of every image: a service is healthy when it is ready.
const ready = await fetch(`http://127.0.0.1:${process.env.PORT}/health/ready`, { signal: AbortSignal.timeout(3000) });
process.exit(ready.ok ? 0 : 1);
