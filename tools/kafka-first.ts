import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Begins with what takes longest, mostly waiting for Kafka, so that everything else runs beside it. */
export default class KafkaFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is a sequencer's, and no array's.
    const sorted = await super.sort(files);
    const isOnKafka = ({ moduleId }: TestSpecification) => moduleId.includes('kafka');
    return [...sorted.filter(isOnKafka), ...sorted.filter((file) => !isOnKafka(file))];
  }
}
