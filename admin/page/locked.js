// The form for the token.

import * as token from './token.js';
import { byID, say, show } from './element.js';

// askForToken shows the form, and goes on when one was given.
export function askForToken(error, goOn) {
  const field = byID('token');
  show(byID('locked'), true);
  document.title = 'Token needed';
  if (error.status === 403) say(byID('locked-fault'), `The server refuses: ${error.message}`);
  else say(byID('locked-fault'), token.current() ? 'This token is not accepted.' : '');
  token.set('');
  field.value = '';
  field.focus();
  byID('locked-form').onsubmit = (submit) => {
    submit.preventDefault();
    token.set(field.value.trim());
    goOn();
  };
}
