import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';
import { waiting } from '../counts.js';

/** A page with its title, which gets the focus when the page is opened, so that a screen reader begins there. */
export function Page({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) {
  const heading = useHeading(title);
  return (
    <div class="page">
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </div>
      {children}
    </div>
  );
}

/**
 * Names the document, and moves the focus to the heading once: before anybody can have put it elsewhere.
 *
 * @param title null while something else names the document.
 */
export function useHeading(title: string | null) {
  const heading = useRef<HTMLHeadingElement>(null);
  const count = waiting.value;
  useEffect(() => {
    if (title !== null) document.title = `${count ? `(${count}) ` : ''}${title} · Countersign`;
  }, [title, count]);
  useLayoutEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return heading;
}

const spoken = signal('');

/** Has screen readers say something, when they are done with what they say. */
export function announce(text: string): void {
  spoken.value = text;
}

export const Announcer = () => (
  <div class="only-spoken" role="status" aria-live="polite">
    {spoken}
  </div>
);
