import { caller, forgetToken, may } from '../live/session.ts'
import type { CallerView } from '../live/views.ts'
import { path } from '../router.ts'

const entries: readonly [string, string, CallerView['scopes'][number]][] = [
  ['/', 'Fleet', 'read'],
  ['/documents', 'Documents', 'read'],
  ['/runs', 'Runs', 'read'],
  ['/upload', 'Upload', 'submit'],
  ['/review', 'Review', 'read'],
  ['/search', 'Search', 'read'],
  ['/system', 'System', 'read'],
]

const isWithin = (place: string, entry: string): boolean =>
  place === entry || (entry !== '/' && place.startsWith(`${entry}/`))

/** Links to the views that the caller's token may see. */
export function Navigation() {
  return (
    <header class="bar">
      <nav aria-label="Views">
        <ul>
          {entries
            .filter(([, , scope]) => may(scope))
            .map(([to, name]) => (
              <li key={to}>
                <a href={to} aria-current={isWithin(path.value, to) ? 'page' : undefined}>
                  {name}
                </a>
              </li>
            ))}
        </ul>
      </nav>
      {caller.value?.isTokenRequired === true && (
        <p class="caller">
          <span>{caller.value.name}</span>
          <button type="button" onClick={() => forgetToken('')}>
            Forget token
          </button>
        </p>
      )}
    </header>
  )
}
