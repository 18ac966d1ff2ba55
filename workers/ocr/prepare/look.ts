import { estimateBackground, type Background } from './background/background.ts'
import { shrink, type Grey } from './grey.ts'

/** A page and a small image of it, in which it is surveyed. */
export interface PageLook {
  page: Grey
  /** The page, shrunk by `factor`. */
  small: Grey
  factor: number
  /** Background of the small image. */
  background: Background
}

/** Pages are surveyed at about this many pixels: letters are still some ten pixels high there. */
const lookPixels = 3e6
const tileSide = 32

export function lookAt(page: Grey): PageLook {
  const factor = Math.max(1, Math.round(Math.sqrt((page.width * page.height) / lookPixels)))
  const small = shrink(page, factor)
  return { page, small, factor, background: estimateBackground(small, tileSide) }
}
