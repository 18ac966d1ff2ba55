export { wordF1 } from '../../scripts/bench/score.ts'
