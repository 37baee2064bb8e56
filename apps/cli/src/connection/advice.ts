const route = /GET \/(?:auth\/)?(approvals|runs|executions|grants|dead-letters|keys)(?:\/([^\s/]+))? (lists|shows)/g;

/** What a server advises, with commands and options in place of the routes and fields that they stand for. */
export const inCommands = (detail: string): string =>
  detail
    .replaceAll(route, (_, noun: string, id: string | undefined, verb: string) =>
      id === undefined ? `countersign ${noun} list ${verb}` : `countersign ${noun} show ${id} ${verb}`,
    )
    .replaceAll('"even_if_done": true', '--even-if-done');
