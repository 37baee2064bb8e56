import { useEffect, useState } from 'preact/hooks';

interface EnteredInputProps {
  value: string;
  placeholder: string;
  /** The id of a list of suggestions. */
  list?: string;
  enter(text: string): void;
}

/** A text that counts once it is entered. Until then it stays as it is typed, whatever is drawn anew meanwhile. */
export function EnteredInput({ value, placeholder, list, enter }: EnteredInputProps) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  return (
    <input
      list={list}
      value={text}
      placeholder={placeholder}
      onInput={(event) => setText(event.currentTarget.value)}
      onChange={(event) => enter(event.currentTarget.value.trim())}
    />
  );
}
