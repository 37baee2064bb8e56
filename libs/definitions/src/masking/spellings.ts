/** Base64 of some bytes in the middle of others: what is the same whatever stands before and after them. */
function base64Within(bytes: Buffer, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  const bits = 8 * (before + bytes.length);
  return encoded.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6));
}

/** The ways in which programs and targets usually write a text: as it is, in a URL, in JSON, in base64 and in hex. */
export function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  const inUrl = encodeURIComponent(text);
  const inJson = JSON.stringify(text).slice(1, -1);
  const base64 = [0, 1, 2].map((before) => base64Within(bytes, before));
  const hex = bytes.toString('hex');
  const all = [
    text,
    inJson,
    inJson.replaceAll('/', '\\/'),
    inUrl,
    inUrl.replaceAll('%20', '+'),
    inUrl.replaceAll(/%../g, (code) => code.toLowerCase()),
    ...base64,
    ...base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    hex,
    hex.toUpperCase(),
  ];
  return [...new Set(all)];
}
