import type { BBox, Block } from '../../../shared/contract/result/layout.ts'
import type { Recipe } from '../../../shared/contract/recipe.ts'
import type { Identify } from '../../../shared/engine/tesseract-identity.ts'

/** The engine's input page: upright, grey, 8 bits a pixel, rows without padding. */
export interface PreparedPage {
  /** A binary PGM file (netpbm P5): a header and `width * height` bytes. */
  pgm: Buffer
  width: number
  height: number
  /** Names the page in logs, `path#page`. */
  label: string
  wishes: EngineWishes
}

/**
 * Wishes for one page, in terms that every engine understands; each engine translates them into its own settings.
 * Everything else comes from the recipe that the engine was loaded for.
 */
export interface EngineWishes {
  /** Page layout: a page segmentation mode, by the numbers of the recipe. */
  psm: number
  /** Resolution that the engine assumes for lines, rules and specks; 0 lets the engine estimate it. */
  dpi: number
  /** Height of most capitals in the image, pixels; unknown where it is left out or 0. */
  textHeight?: number
  /** Width of the writing relative to its natural width; 1 where it is left out. */
  narrowing?: number
  /** Separation of ink and paper: one threshold for the page, or one for each place. */
  thresholding: 'otsu' | 'sauvola'
  /** Whether the engine looks for tables: Tesseract takes 7 % of a quick reading's time for them. */
  findsTables: boolean
  /**
   * Boxes of the lines to read, with a little paper, pixels of the image; without them the engine finds the lines. It
   * may read more.
   */
  lines?: readonly BBox[]
  /** Tesseract's variables from the recipe, which override the wishes; other engines ignore them. */
  variables: Readonly<Record<string, string>>
}

/** The engine's result for a page; boxes are in pixels of the prepared page. */
export interface Recognition {
  text: string
  /** Mean over the words, percent. */
  confidence: number
  blocks: Block[]
}

/**
 * One loaded engine for one recipe. It reads one page at a time. After `recognise` rejects, close the engine and make
 * another.
 */
export interface Engine {
  /** Rejects with `page_timeout` at the deadline, otherwise with `engine_failed` or `engine_crash`. */
  recognise(page: PreparedPage, deadlineMs: number): Promise<Recognition>
  /** Ends the engine at once, even in the middle of a page. Never rejects. */
  close(): Promise<void>
}

/** Loads an engine. Rejects with `engine_boot_failed` or `unknown_language`. */
export type EngineFactory = (recipe: Recipe, tessdataPrefix: string | undefined) => Promise<Engine>

/** An engine as a module, for example one that SCRIPTORIUM_ENGINE names by its path. */
export interface EngineModule {
  createEngine: EngineFactory
  /** Identifies the engine. Without it the module's file name does, and a changed engine keeps the fingerprint. */
  identity?: Identify
}

/** Passes a prepared page to the engine. */
export type ReadPrepared = (page: PreparedPage) => Promise<Recognition>
