import type { ComponentChildren } from 'preact'

export interface Figure {
  name: string
  value: ComponentChildren
}

/** Named values side by side. */
export function Figures({ figures }: { figures: readonly Figure[] }) {
  return (
    <dl class="figures">
      {figures.map(({ name, value }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A share as a bar; `label` names it for those who do not see it. */
export function Bar({ value, max, label }: { value: number; max: number; label: string }) {
  return <progress value={Math.min(value, max)} max={max > 0 ? max : 1} aria-label={label} />
}
