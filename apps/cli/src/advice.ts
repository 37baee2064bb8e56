const route = /GET \/(?:auth\/)?(approvals|runs|executions|grants|dead-letters|keys)(?:\/([^\s/]+))? (lists|shows)/g;

/** What a server advises, with commands in place of the routes that they stand for. */
export const inCommands = (detail: string): string =>
  detail.replaceAll(route, (_, noun: string, id: string | undefined, verb: string) =>
    id === undefined ? `countersign ${noun} list ${verb}` : `countersign ${noun} show ${id} ${verb}`,
  );
