import { signal } from '@preact/signals';
import { Dialog } from './ui/dialog.js';

export const helpIsOpen = signal(false);

const shortcuts: [keys: string[], what: string][] = [
  [['j', 'k'], 'the next and the previous approval'],
  [['Enter'], 'open it'],
  [['x'], 'select it, to decide on several at once'],
  [['a'], 'go to Approve; Enter then approves'],
  [['r'], 'write why not; Ctrl+Enter then rejects'],
  [['e'], 'edit the arguments'],
  [['/'], 'search; Enter goes on to what was found'],
  [['Esc'], 'back to the list, or leave a field'],
  [['g', 'i'], 'one after the other: go to the inbox'],
  [['?'], 'this help'],
];

/** What the keys do. */
export function Help() {
  if (!helpIsOpen.value) return null;
  return (
    <Dialog title="Keyboard" close={() => (helpIsOpen.value = false)}>
      <table class="shortcuts">
        <tbody>
          {shortcuts.map(([keys, what]) => (
            <tr key={what}>
              <th scope="row">
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
