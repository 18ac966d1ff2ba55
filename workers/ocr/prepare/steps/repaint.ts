import { findPanels, repaintPanels } from '../background/panels.ts'
import { lookAt, type PageLook } from '../look.ts'
import type { PrepareStep } from './step.ts'

/** Repaints dark panels with light writing, so that they look like the rest of the page. */
export const repaint = {
  name: 'repaint',
  apply(look: PageLook): PageLook {
    const panels = findPanels(look.small, look.background)
    return panels === undefined ? look : lookAt(repaintPanels(look.page, panels, look.factor))
  },
} satisfies PrepareStep<PageLook, null>
