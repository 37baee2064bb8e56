import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** What of the view is below the bar of buttons, in pixels. */
const underTheBar = 96;

/**
 * Whether the end of something has been in view.
 *
 * @param of what is shown; of another nothing has been seen.
 * @returns what to put behind its last part, and whether that was in view.
 */
export function useSeen<E extends HTMLElement = HTMLSpanElement>(of: string): [RefObject<E | null>, boolean] {
  const end = useRef<E>(null);
  const [seen, setSeen] = useState<string>();
  useEffect(() => {
    const look = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && setSeen(of),
      { rootMargin: `0px 0px -${underTheBar}px 0px` },
    );
    look.observe(end.current!);
    return () => look.disconnect();
  }, [of]);
  return [end, seen === of];
}
