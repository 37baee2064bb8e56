/** Arguments in one line, such as `service_name auth-service · version 2.1.0`. */
export function summaryOf(args: Record<string, unknown>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name} ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');
}
