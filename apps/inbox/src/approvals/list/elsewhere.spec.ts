import { describe, expect, it } from 'vitest';
import { placesOf } from './elsewhere.js';
import { filtersIn } from './filters.js';

const places = (query: string, shown: number | undefined, pending: number, all: number) =>
  placesOf(filtersIn(new URLSearchParams(query)), { shown, pending, all }).map(({ text, query }) => `${text} ${query}`);

describe('a search', () => {
  it('says where else it has found something', () => {
    expect(places('view=mine&text=auth', 2, 5, 17)).toEqual([
      '3 waiting for others ?view=others&text=auth',
      '12 decided or over ?status=all&text=auth',
    ]);
    expect(places('view=others&text=auth', 3, 5, 5)).toEqual(['2 waiting for you ?view=mine&text=auth']);
    expect(places('text=auth', 5, 5, 17)).toEqual(['12 decided or over ?status=all&text=auth']);
    expect(places('view=decided&text=auth', 1, 5, 17)).toEqual(['16 that you did not decide ?status=all&text=auth']);
  });

  it('says nothing where all is listed, or where it is not known how much is', () => {
    expect(places('view=mine&text=auth', 5, 5, 5)).toEqual([]);
    expect(places('status=all&text=auth', 17, 5, 17)).toEqual([]);
    expect(places('view=mine&text=auth', undefined, 5, 5)).toEqual([]);
  });
});
