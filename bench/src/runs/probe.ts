/** Loaded before an app: reports what the process uses, on request. */
process.on('message', () => {
  // Only with --expose-gc: separates what is in use from garbage.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send!({ cpu: process.cpuUsage(), rss, heap: heapUsed, at: performance.now() });
});
process.channel!.unref();
