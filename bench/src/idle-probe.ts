/** Loaded before an app: says what the process has used so far, whenever it is asked. */
process.on('message', () => {
  process.send!({ cpu: process.cpuUsage(), rss: process.memoryUsage.rss(), at: performance.now() });
});
process.channel!.unref();
