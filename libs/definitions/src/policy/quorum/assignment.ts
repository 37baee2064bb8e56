/**
 * How many places of each entry can be filled when every person takes one at most, as many as possible in all. Entries
 * that come first are filled first, as far as that costs none of the others a place.
 */
export function assign<Entry extends { count: number }, Person>(
  entries: readonly Entry[],
  people: readonly Person[],
  fits: (entry: Entry, person: Person) => boolean,
): number[] {
  const places = entries.flatMap((entry) => Array.from({ length: Math.min(entry.count, people.length) }, () => entry));
  const placeOf = new Map<Person, number>();

  /** Whether the place can be filled, be it by moving others to places that they fit as well. */
  const fill = (place: number, visited: Set<Person>): boolean =>
    people.some((person) => {
      if (visited.has(person) || !fits(places[place]!, person)) return false;
      visited.add(person);
      const taken = placeOf.get(person);
      if (taken !== undefined && !fill(taken, visited)) return false;
      placeOf.set(person, place);
      return true;
    });
  for (const place of places.keys()) fill(place, new Set());

  const filled = [...placeOf.values()].map((place) => places[place]);
  return entries.map((entry) => filled.filter((each) => each === entry).length);
}
