import { useEffect, useRef } from 'preact/hooks'
import { keepToken } from '../live/session.ts'
import { Notice } from '../parts/notice.tsx'

/** Asks for the caller's token. `why` is the reason of a refusal, or empty. */
export function TokenForm({ why }: { why: string }) {
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    document.title = 'Token – Scriptorium'
    field.current?.focus()
  }, [])
  const submit = (event: Event): void => {
    event.preventDefault()
    const text = field.current?.value.trim() ?? ''
    if (text !== '') keepToken(text)
  }
  return (
    <main id="main" class="alone">
      <h1>Scriptorium</h1>
      {why !== '' && (
        <Notice tone="bad">
          <p>{why}</p>
        </Notice>
      )}
      <form class="token" onSubmit={submit}>
        <label for="token">Token</label>
        <input ref={field} id="token" type="password" autocomplete="off" required />
        <button type="submit" class="main">
          Continue
        </button>
        <p class="muted">
          <code>npx scriptorium token NAME</code> on the server creates one. This tab keeps it until
          it is closed.
        </p>
      </form>
    </main>
  )
}
