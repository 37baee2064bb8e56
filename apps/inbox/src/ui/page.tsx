import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { signal } from '@preact/signals';

/** How many approvals wait; the title of the page begins with it. */
export const waiting = signal<number | undefined>(undefined);

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

/** Names the document, and moves the focus to the heading once. */
export function useHeading(title: string) {
  const heading = useRef<HTMLHeadingElement>(null);
  const count = waiting.value;
  useEffect(() => {
    document.title = `${count ? `(${count}) ` : ''}${title} · Countersign`;
  }, [title, count]);
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
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
