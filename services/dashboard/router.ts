import { computed, signal } from '@preact/signals'

const here = (): URL => new URL(location.href)

/** The address of the present view. */
export const address = signal(here())
export const path = computed(() => address.value.pathname)
export const query = computed(() => address.value.searchParams)

addEventListener('popstate', () => {
  address.value = here()
})

/** Shows another view. */
export function go(to: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', to)
  else {
    history.pushState(null, '', to)
    scrollTo(0, 0)
  }
  address.value = here()
}

/** A click on a link of ours changes the view without loading the page again. */
export function followLinks(root: HTMLElement): void {
  root.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    if (link.target !== '' || link.hasAttribute('download')) return
    const to = new URL(link.href)
    if (to.origin !== location.origin || link.dataset['outside'] !== undefined) return
    if (to.hash !== '' && to.pathname === location.pathname) return
    event.preventDefault()
    go(to.pathname + to.search)
  })
}
