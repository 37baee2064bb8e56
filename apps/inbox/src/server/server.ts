/**
 * Where the server is that a file of the inbox came from, such as `https://ops.example/countersign`: it may be under a path
 * that a proxy takes away. It begins with the host, so that no path in it is taken for one (`//evil.example`).
 */
export const serverOf = (file: string): string => file.slice(0, Math.max(0, file.lastIndexOf('/inbox/assets/')));

export const server = serverOf(import.meta.url);
