export { Answer, AnswerRequest, AskRequest, Question, QuestionText } from './question.js';
export { openQuestion } from './open-question.js';
