import type { Removal } from '@countersign/persistence';
import type { ReadinessCheck } from '@countersign/service';
import type { Provider, Type } from '@nestjs/common';

/** Something that the service does beside its decisions, with its routes. */
export interface Part {
  controllers: Type[];
  providers: Provider[];
  checks?: readonly ReadinessCheck[];
  removals: readonly Removal[];
  start(): void;
  /** @param grace milliseconds for work under way */
  stop(grace: number): Promise<void>;
}
