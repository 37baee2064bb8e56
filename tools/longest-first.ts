import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, in this order: on Kafka, mostly waiting for it, then the scenarios on the embedded stack. */
const longest = ['kafka', '.embedded.e2e'];

/** Begins with what takes longest, so that everything else runs beside it and no worker is left alone at the end. */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is a sequencer's, and no array's.
    const sorted = await super.sort(files);
    const rank = ({ moduleId }: TestSpecification) => [...longest, ''].findIndex((part) => moduleId.includes(part));
    return sorted.toSorted((one, other) => rank(one) - rank(other));
  }
}
