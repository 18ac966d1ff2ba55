export { wordF1 } from '../../../scripts/tools/accuracy/text-accuracy.ts'
