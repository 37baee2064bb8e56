import type { ApprovalStats } from '@countersign/contracts/approvals';

type Day = ApprovalStats['days'][number];
const kinds = ['approved', 'rejected', 'expired', 'cancelled'] as const;
const height = 120;

/** How many of each kind a day had; the table says the same to whoever cannot see it. */
export function DaysChart({ days }: { days: readonly Day[] }) {
  const most = Math.max(1, ...days.map(totalOf));
  return (
    <>
      <svg class="days" viewBox={`0 0 ${days.length * 40} ${height + 20}`} aria-hidden="true">
        {days.map((day, n) => (
          <g key={day.date} transform={`translate(${n * 40} 0)`}>
            <Column day={day} most={most} />
            <text x="20" y={height + 15} text-anchor="middle">
              {Number(day.date.slice(8))}
            </text>
          </g>
        ))}
      </svg>
      <ul class="legend" aria-hidden="true">
        {kinds.map((kind) => (
          <li key={kind}>
            <span class={`swatch ${kind}`} /> {kind}
          </li>
        ))}
      </ul>
      <div class="only-spoken">
        <table>
          <thead>
            <tr>
              {['day', ...kinds].map((name) => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {days.map((day) => (
              <tr key={day.date}>
                <th scope="row">{day.date}</th>
                {kinds.map((kind) => (
                  <td key={kind}>{day[kind]}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

function Column({ day, most }: { day: Day; most: number }) {
  let top = height;
  const parts = kinds.map((kind) => {
    const size = (day[kind] / most) * (height - 18);
    top -= size;
    return <rect key={kind} class={kind} x="8" width="24" y={top} height={size} rx="2" />;
  });
  const total = totalOf(day);
  return (
    <>
      <rect class="ground" x="8" width="24" y={height - 1} height="1" />
      {parts}
      {total > 0 && (
        <text x="20" y={top - 4} text-anchor="middle">
          {total}
        </text>
      )}
    </>
  );
}

const totalOf = (day: Day): number => kinds.reduce((sum, kind) => sum + day[kind], 0);
