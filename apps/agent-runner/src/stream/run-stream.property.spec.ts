import type { Run } from '@countersign/contracts/runs';
import type { Bus } from '@countersign/messaging';
import type { Store } from '@countersign/persistence';
import { openTemporaryDatabase } from '@countersign/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CallPreview } from './call-preview.js';
import {
  callIn,
  callTo,
  claimed,
  continued,
  now,
  requested,
  responded,
  runAfter,
  text,
  worker,
} from '../../test/run.fixtures.js';
import { beginning, positionOf, RunStream, type StreamedEvent } from './run-stream.js';
import { RunWatch } from './run-watch.js';
import { silent } from '../../test/runner.fixtures.js';
import { TextPreview } from './text-preview.js';

const texts = ['Let me see what there is. ', 'There is one more thing to look up. ', 'That is all.'];
const textOf = (events: readonly StreamedEvent[]) =>
  events
    .filter(({ event }) => event === 'RunContent')
    .map(({ data }) => (data as { content: string }).content)
    .join('');
/** A number that grows with the place in the stream that an id stands for. */
function placeOf(id: string): number {
  const { entry, characters } = positionOf(id);
  return entry * 1_000 + characters;
}
const others = (events: readonly StreamedEvent[]) => events.filter(({ event }) => event !== 'RunContent');

let database: ReturnType<typeof openTemporaryDatabase>;
let store: Store<Run>;
let runs = 0;
beforeAll(() => {
  database = openTemporaryDatabase();
  store = database.database.collection<Run>({ name: 'runs', key: 'run_id', indexes: [] }).store;
});
afterAll(() => database.close());

/** A run whose model writes a text, has something looked up, and goes on, under the eyes of one reader. */
class Scene {
  readonly id = `run-${++runs}`;
  readonly watch = new RunWatch(store, new AbortController().signal);
  readonly preview = new TextPreview({} as Bus, true, silent, () => now);
  readonly stream = new RunStream(store, this.watch, this.preview, new CallPreview());
  readonly seen: StreamedEvent[] = [];
  #run = { ...runAfter(requested, claimed), run_id: this.id, version: 1 };
  #written = 0;
  #call: string | undefined;
  #events = this.#open();
  #next: Promise<void> | undefined;
  over = false;

  static async begin(): Promise<Scene> {
    const scene = new Scene();
    await store.commit({ expected: 0, state: scene.#run, events: [] });
    return scene;
  }

  /** The model goes on with its text; the piece may be lost on the way. */
  write(length: number, lost: boolean): void {
    const piece = this.#call ? '' : texts[this.#run.steps]!.slice(this.#written, this.#written + length);
    if (!lost && piece !== '') this.preview.write(this.#run, this.#written, piece);
    this.#written += piece.length;
  }
  /** The model is asked once more for the same. */
  again(): void {
    this.#written = 0;
  }
  /** What happened is stored: an answer, or what came of its call. Whether the reader is told is another matter. */
  async store(told: boolean): Promise<void> {
    const { version } = this.#run;
    this.#run = { ...(this.#call ? this.#lookedUp(this.#call) : this.#answered()), version: version + 1 };
    this.#written = 0;
    await store.commit({ expected: version, state: this.#run, events: [] });
    if (told) this.watch.changed(this.id);
  }
  #answered(): Run {
    const { steps } = this.#run;
    const said = text(texts[steps]!);
    if (steps === texts.length - 1) return continued(this.#run, now, responded(said));
    const run = continued(this.#run, now, responded(said, callTo('look_up', `call_${steps}`)));
    this.#call = callIn(run, `call_${steps}`).id;
    return run;
  }
  #lookedUp(call: string): Run {
    this.#call = undefined;
    return continued(this.#run, now, { type: 'call_ended', worker, call, output: 'found', failed: false });
  }
  get isWorking(): boolean {
    return this.#run.steps < texts.length;
  }
  /** The reader takes what is there, or waits for it. */
  async read(): Promise<void> {
    this.#next ??= this.#take();
    await Promise.race([this.#next, new Promise(setImmediate)]);
  }
  async reconnect(): Promise<void> {
    this.watch.changed(this.id);
    await this.#next;
    await this.#events.return();
    this.#events = this.#open(this.seen.at(-1)?.id);
  }
  async readAll(): Promise<void> {
    this.watch.changed(this.id);
    while (!this.over) await (this.#next ?? this.#take());
  }
  async tellAll(): Promise<StreamedEvent[]> {
    const told: StreamedEvent[] = [];
    for await (const event of this.#open()) if (event) told.push(event);
    return told;
  }

  async #take(): Promise<void> {
    const { value, done } = await this.#events.next();
    this.#next = undefined;
    this.over = done ?? false;
    if (value) this.seen.push(value);
  }
  #open(id?: string) {
    return this.stream.events(this.id, { after: id === undefined ? beginning : positionOf(id), until: 'end' });
  }
}

type Action = (scene: Scene) => void | Promise<void>;
const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.integer({ min: 1, max: 12 }).map(
      (length): Action =>
        (scene) =>
          scene.write(length, false),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 12 }).map(
      (length): Action =>
        (scene) =>
          scene.write(length, true),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Action>((scene) => scene.again()) },
  { weight: 6, arbitrary: fc.constant<Action>((scene) => scene.read()) },
  { weight: 1, arbitrary: fc.constant<Action>((scene) => scene.reconnect()) },
  {
    weight: 2,
    arbitrary: fc.boolean().map(
      (told): Action =>
        (scene) =>
          scene.store(told),
    ),
  },
);

it('a reader sees each character and each event once and in order, however it is behind, breaks off, or misses pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const scene = await Scene.begin();
      for (const act of actions) if (scene.isWorking) await act(scene);
      while (scene.isWorking) await scene.store(true);
      await scene.readAll();
      expect(textOf(scene.seen)).toBe(texts.join(''));
      expect(others(scene.seen)).toEqual(others(await scene.tellAll()));
      const places = scene.seen.map(({ id }) => placeOf(id!));
      expect(places).toEqual(places.toSorted((one, other) => one - other));
    }),
    { numRuns: 150 },
  );
});
