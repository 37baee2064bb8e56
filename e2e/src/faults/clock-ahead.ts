/** Loaded before an app (`node --import`), sets its clock ahead by `?ms=`, as a machine's may be that nobody sets. */
const ahead = Number(new URL(import.meta.url).searchParams.get('ms'));

const RightDate = Date;
class WrongDate extends RightDate {
  constructor(...args: [] | [value: number | string | Date]) {
    if (args.length === 0) super(WrongDate.now());
    else super(...(args as [number]));
  }

  static override now(): number {
    return RightDate.now() + ahead;
  }
}
globalThis.Date = WrongDate as DateConstructor;
