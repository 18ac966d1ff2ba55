import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { address } from '../router.ts'

/** A view: its title, which gets the focus when the view is opened, and its content. */
export function Page({
  title,
  aside,
  children,
}: {
  title: string
  /** Beside the title: state and actions. */
  aside?: ComponentChildren
  children: ComponentChildren
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const { pathname } = address.value
  useEffect(() => {
    document.title = `${title} – Scriptorium`
  }, [title])
  useEffect(() => {
    if (document.activeElement === null || document.activeElement === document.body) return
    heading.current?.focus({ preventScroll: true })
  }, [pathname])
  return (
    <main id="main">
      <header class="title">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {aside}
      </header>
      {children}
    </main>
  )
}
