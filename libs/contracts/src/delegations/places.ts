export interface Person {
  by: string | null;
  /** That their token has. Of a group whose members are listed it is not believed. */
  groups?: readonly string[] | undefined;
}

/** A person who decides. */
export interface Deciding extends Person {
  /** Of a deputy: in whose place. */
  on_behalf_of?: string | null | undefined;
}

/** Whoever decides, and in whose place. */
export const namesOf = ({ by, on_behalf_of }: Deciding): (string | null)[] =>
  on_behalf_of ? [by, on_behalf_of] : [by];

/** Of these decisions, the latest of each person, and one for each place: nobody counts twice through a deputy. */
export function oncePerPerson<D extends Deciding>(decisions: readonly D[]): D[] {
  const newest = decisions.toReversed();
  const last = [...new Map(newest.map((each) => [each.by, each])).values()].toReversed();
  return [...new Map(last.map((each) => [each.on_behalf_of ?? each.by, each])).values()];
}

/** Who may be deputies by these terms; nobody by those that were stored before there were any. */
export const deputiesIn = <Group>({ deputies }: { deputies?: readonly Group[] }): readonly Group[] => deputies ?? [];
