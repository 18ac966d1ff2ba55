import type { EngineWishes } from './engine.ts'

/** Translates wishes into Tesseract's variables (tesseract --print-parameters); those of the recipe override them. */
export const toVariables = ({
  thresholding,
  findsTables,
  variables,
}: EngineWishes): Record<string, string> => ({
  thresholding_method: thresholding === 'otsu' ? '0' : '2',
  ...(!findsTables && { textord_tabfind_find_tables: '0' }),
  ...variables,
})
