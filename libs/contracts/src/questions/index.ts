export { Answer, AnswerRequest, AskRequest, openQuestion, Question, QuestionText } from './question.js';
