import { safeVariables, type Recipe } from '../../shared/recipe.ts'
import { InvalidRequest } from './problem.ts'

/** Refuses engine variables that may not be set; the rest of a recipe is checked by its schema. */
export function checkRecipe(recipe: Recipe): Recipe {
  const unknown = Object.keys(recipe.variables).filter((name) => !safeVariables.has(name))
  if (unknown.length === 0) return recipe
  const message = `may not be set; these may: ${[...safeVariables].join(', ')}`
  throw new InvalidRequest(
    'invalid_request',
    unknown.map((name) => ({ path: `/recipe/variables/${name}`, message })),
  )
}
