import { render } from 'preact';
import { App } from './app.js';
import { followLinks } from './navigation.js';
import { recognise } from './server/session.js';

followLinks();
void recognise();
render(<App />, document.getElementById('app')!);
