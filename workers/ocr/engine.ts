import { pathToFileURL } from 'node:url'
import { resolve } from 'node:path'
import type { Block } from '../../shared/contract.ts'
import { ScriptoriumError, toError } from '../../shared/errors.ts'
import type { Recipe } from '../../shared/recipe.ts'
import { createTesseract } from './tesseract.ts'

/** A page as the engine takes it: upright, grey, 8 bits a pixel, rows without padding. */
export interface PreparedPage {
  /** A binary PGM file (netpbm P5): a header and `width * height` bytes. */
  pgm: Buffer
  width: number
  height: number
  /** Names the page in logs, `path#page`. */
  label: string
  settings: EngineSettings
}

/** How the engine is to take a page; everything else about it comes from the recipe it was loaded for. */
export interface EngineSettings {
  /** Page segmentation mode. */
  psm: number
  /** 0 to let the engine estimate. */
  dpi: number
  /** Engine variables, those of the recipe included. */
  variables: Readonly<Record<string, string>>
}

/** What an engine saw on a page; boxes are in the prepared page's pixels. */
export interface Recognition {
  text: string
  /** Mean over the words, percent. */
  confidence: number
  blocks: Block[]
}

/**
 * One loaded engine for one recipe. It reads one page at a time.
 * After a rejected `recognise` it is not to be used again: close it and make another.
 */
export interface Engine {
  /** Rejects with `page_timeout` at the deadline, `engine_failed` or `engine_crash` else. */
  recognise(page: PreparedPage, deadlineMs: number): Promise<Recognition>
  /** Ends the engine at once, whatever it is doing. Never rejects. */
  close(): Promise<void>
}

/** Loads an engine. Rejects with `engine_boot_failed` or `unknown_language`. */
export type EngineFactory = (recipe: Recipe, tessdataPrefix: string | undefined) => Promise<Engine>

/** The engine named `tesseract.js` or `native`, or what a module of one's own (`createEngine`) makes. */
export async function findEngineFactory(name: string): Promise<EngineFactory> {
  if (name === 'tesseract.js') return createTesseract
  if (name === 'native') return (await import('./native.ts')).createNative
  try {
    const module: { createEngine?: EngineFactory } = await import(pathToFileURL(resolve(name)).href)
    if (typeof module.createEngine === 'function') return module.createEngine
  } catch (thrown) {
    throw new ScriptoriumError(
      'configuration',
      `SCRIPTORIUM_ENGINE=${name} cannot be loaded: ${toError(thrown).message}`,
      { cause: thrown },
    )
  }
  throw new ScriptoriumError('configuration', `SCRIPTORIUM_ENGINE=${name} exports no createEngine`)
}
