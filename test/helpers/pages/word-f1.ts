export { wordF1 } from '../../../scripts/tools/bench/pages/score.ts'
