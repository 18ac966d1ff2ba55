import { strengthen } from '../background/background.ts'
import { measureContrast } from '../background/contrast.ts'
import { findPanels, repaintPanels } from '../background/panels.ts'
import { lookAt, type PageLook } from '../look.ts'
import type { PrepareStep } from './step.ts'

/** Darkens the ink of a faint page, so that the survey finds it. */
export const darken = {
  name: 'darken',
  apply(look: PageLook): PageLook {
    const { page, small, factor, background } = look
    const { gain } = measureContrast(small, background)
    if (gain === 1) return look
    return lookAt(strengthen(page, { ...background, side: background.side * factor }, gain))
  },
} satisfies PrepareStep<PageLook, null>

/** Repaints dark panels with light writing, so that they look like the rest of the page. */
export const repaint = {
  name: 'repaint',
  apply(look: PageLook): PageLook {
    const panels = findPanels(look.small, look.background)
    return panels === undefined ? look : lookAt(repaintPanels(look.page, panels, look.factor))
  },
} satisfies PrepareStep<PageLook, null>
