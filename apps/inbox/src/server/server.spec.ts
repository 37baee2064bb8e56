import { describe, expect, it } from 'vitest';
import { serverOf } from './server.js';

describe('where the server is', () => {
  it.each([
    ['https://ops.example/inbox/assets/index-a.js', 'https://ops.example'],
    ['https://ops.example/countersign/inbox/assets/index-a.js', 'https://ops.example/countersign'],
    ['https://ops.example/inbox/assets/inbox/assets/index-a.js', 'https://ops.example/inbox/assets'],
    ['file:///src/server/server.ts', ''],
  ])('is read from where a file came from, %s', (file, server) => {
    expect(serverOf(file)).toBe(server);
  });

  it.each(['//evil.example', '/..;', '/\\evil.example', '/@evil.example', '/https://evil.example'])(
    'is this host, whatever the path %s looks like',
    (path) => {
      const server = serverOf(new URL(`https://ops.example${path}/inbox/assets/index-a.js`).href);
      expect(new URL(`${server}/auth/sign-in`, 'https://ops.example/').host).toBe('ops.example');
    },
  );
});
