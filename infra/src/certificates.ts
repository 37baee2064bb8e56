interface Certified {
  key: string;
  cert: string;
}

/** A private authority, a server on 127.0.0.1 and a client that it vouches for; all as PEM. */
export interface Certificates {
  ca: string;
  server: Certified;
  client: Certified;
}

const days = 30;

/** @param host another name of the server */
export async function makeCertificates(host = 'localhost'): Promise<Certificates> {
  const { generate } = await import('selfsigned');
  const notAfterDate = new Date(Date.now() + days * 86_400_000);
  const common = { keyType: 'ec', algorithm: 'sha256', notAfterDate } as const;
  const authority = await generate([{ name: 'commonName', value: 'an authority' }], {
    ...common,
    extensions: [{ name: 'basicConstraints', cA: true }],
  });
  const vouched = async (name: string): Promise<Certified> => {
    const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
      ...common,
      ca: { key: authority.private, cert: authority.cert },
      extensions: [
        {
          name: 'subjectAltName',
          altNames: [
            { type: 7, ip: '127.0.0.1' },
            { type: 2, value: host },
          ],
        },
      ],
    });
    return { key, cert };
  };
  return { ca: authority.cert, server: await vouched('a server'), client: await vouched('a client') };
}
