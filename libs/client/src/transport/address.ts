/** Where the services are that answer for parts of the API, where no single address has all of it. */
export interface ServiceUrls {
  /** The agent-runner: `/agents`, `/runs`, `/sessions`. */
  runs: string;
  /** The approval service: everything else. */
  approvals: string;
  /** The executor: `/executions`. */
  executions: string;
}

/** What a request says besides its path: lists are separated by commas, and what is undefined or empty is left out. */
export type Query = Record<string, string | number | boolean | readonly string[] | undefined>;

/** A path whose parts may hold any characters: ``pathOf`/runs/${id}` ``. */
export const pathOf = (strings: TemplateStringsArray, ...parts: string[]): string =>
  String.raw({ raw: strings }, ...parts.map(encodeURIComponent));

/** A path with those parameters that have a value. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value.toString() !== '') search.set(name, value.toString());
  return search.size === 0 ? path : `${path}?${search}`;
}

/** Turns paths into addresses. */
export function addressesOf(url: string | ServiceUrls): (path: string) => string {
  if (typeof url === 'string') return (path) => url.replace(/\/+$/, '') + path;
  return (path) => {
    const [, first = ''] = path.split('/', 2);
    const origin = /^(agents|runs|sessions)\b/.test(first)
      ? url.runs
      : /^executions\b/.test(first)
        ? url.executions
        : url.approvals;
    return origin.replace(/\/+$/, '') + path;
  };
}
