/** Scripts that are distinguished; letters of any other count as one more. */
const scripts = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Bopomofo',
  'Arabic',
  'Hebrew',
  'Armenian',
  'Cherokee',
  'Coptic',
  'Georgian',
  'Devanagari',
  'Thai',
] as const;
type Script = (typeof scripts)[number] | 'Other';
const tests = scripts.map((script) => [script, new RegExp(`^\\p{Script=${script}}`, 'u')] as const);

/** What people write in one word with Latin letters; the highly restrictive level of UTS 39. */
const ordinaryMixes: readonly (readonly Script[])[] = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

/** Letters that look like one of ASCII: from the confusables of UTS 39, and the Cyrillic к and м. */
const lookalikes: Partial<Record<Script, string>> = {
  Latin: 'ɑᴄɡᶃɪɩƖǀᴏᴑꭇꜱᴜʋᴠɯᴡɣʏᴢ',
  Cyrillic: 'аАЬВсСԁеҽЕԌһНіӏјЈкКІӀмМоОрРԛгѕЅТѵѴѡԝԜхХуүУҮ',
  Greek: 'αΑΒΕϜΗιϳͿΚΙΜΝοσΟρΡΤυνΧγΥΖ',
  Armenian: 'քցհոռօՕգզՏսՍա',
  Cherokee: 'ᎪᏴꮯᏟᎠᎬᏀᏳᎻꭵᎥᎫᏦᏞᎷᏢꮁᎡᏒꮪᏕᏚᎢꮩᏙꮃᎳᏔᎩᎽꮓᏃ',
  Coptic: 'ⲥⲤⲎⲔⲒⳐⲘⲚⲟⲞⲣⲢⲅⲦⲬⲨ',
  Georgian: 'ჿყ',
};

/**
 * Where in a text a character is likely to be taken for another: a letter of another script in a word, a word made of
 * nothing but lookalikes of Latin letters, digits that are not of ASCII where they do not belong, and characters
 * that normalisation (NFKC) makes another of, such as fullwidth letters. What is ordinary in a language is not among
 * them. What stands in quotes or on a line of its own is looked at by itself.
 */
export function lookalikesIn(text: string): ReadonlySet<number> {
  const found = new Set<number>();
  if (isAscii(text)) return found;
  for (const { 0: part, index } of text.matchAll(/[^"\n]+/g)) if (!isAscii(part)) lookAt(part, index, found);
  return found;
}

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

interface Letter {
  at: number;
  script: Script;
  isLookalike: boolean;
}

function lookAt(part: string, start: number, found: Set<number>): void {
  const all = lettersOf(part, 0);
  const genuine = new Set(all.flatMap(({ script, isLookalike }) => (isLookalike ? [] : script)));
  const isLatin = all.every(({ script }) => script === 'Latin');
  for (const { 0: token, index: at } of part.matchAll(/\S+/gu)) {
    if (isAscii(token)) continue;
    const isNearLatin = /\p{Script=Latin}/u.test(token);
    for (const { 0: word, index } of token.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
      const letters = lettersOf(word, start + at + index);
      for (const { at } of oddLetters(letters, (script) => isNearLatin || !genuine.has(script))) found.add(at);
    }
  }
  let at = start;
  for (const character of part) {
    if ((isLatin && isOtherDigit(character)) || isOddForm(character, genuine)) found.add(at);
    at += character.length;
  }
}

/** @param isAlone whether nothing else shows that the script is meant. */
function oddLetters(letters: readonly Letter[], isAlone: (script: Script) => boolean): readonly Letter[] {
  const used = new Set(letters.map(({ script }) => script));
  if (used.size > 1) {
    if (ordinaryMixes.some((mix) => [...used].every((script) => mix.includes(script)))) return [];
    const main = used.has('Latin') ? 'Latin' : mostUsed(letters);
    return letters.filter(({ script }) => script !== main);
  }
  const [script] = used;
  if (script === undefined) return [];
  if (script === 'Latin') return letters.filter(({ isLookalike }) => isLookalike);
  return letters.every(({ isLookalike }) => isLookalike) && isAlone(script) ? letters : [];
}

function mostUsed(letters: readonly Letter[]): Script {
  const count = (script: Script) => letters.filter((letter) => letter.script === script).length;
  return letters.map(({ script }) => script).reduce((most, script) => (count(script) > count(most) ? script : most));
}

function lettersOf(text: string, start: number): Letter[] {
  const letters: Letter[] = [];
  let at = start;
  for (const character of text) {
    const script = scriptOf(character);
    if (script) letters.push({ at, script, isLookalike: lookalikes[script]?.includes(character) ?? false });
    at += character.length;
  }
  return letters;
}

/** Undefined for what is no letter, or is of every script. */
function scriptOf(character: string): Script | undefined {
  if (/^[A-Za-z]/.test(character)) return 'Latin';
  if (!/^\p{L}/u.test(character) || /^[\p{Script=Common}\p{Script=Inherited}]/u.test(character)) return undefined;
  return tests.find(([, test]) => test.test(character))?.[0] ?? 'Other';
}

const isOtherDigit = (character: string): boolean => character > '\x7f' && /^\p{Nd}/u.test(character);

const asianScripts: readonly Script[] = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo'];
/** Forms that are ordinary in their scripts: halfwidth Katakana, Jamo, Arabic presentation forms. */
const ordinaryForms = /^[\u3131-\u318e\ufb50-\ufdff\ufe70-\ufeff\uff61-\uffdc]/u;
/** Spaces, dots, and the punctuation of ASCII in another width. */
const oddPunctuation = /^[\p{Zs}\u2024\u2025\ufe30-\ufe6f\uff01-\uff65]/u;

function isOddForm(character: string, genuine: ReadonlySet<Script>): boolean {
  if (character <= '\x7f' || ordinaryForms.test(character)) return false;
  const plain = character.normalize('NFKC');
  if (plain === character) return false;
  if (/[\p{L}\p{N}]/u.test(plain)) return true;
  return oddPunctuation.test(character) && !asianScripts.some((script) => genuine.has(script));
}
