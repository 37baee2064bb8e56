/** Loaded before an app: says what the process uses, whenever it is asked. */
process.on('message', () => {
  // Only with --expose-gc: what is still in use is told apart from what nobody has tidied up yet.
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  process.send!({ cpu: process.cpuUsage(), rss, heap: heapUsed, at: performance.now() });
});
process.channel!.unref();
