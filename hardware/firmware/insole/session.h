// The talk with the host: commands in, records out, in the order that the protocol wants.

#ifndef INSOLE_SESSION_H
#define INSOLE_SESSION_H

void session_begin();

// Does everything there is to do now, and returns.
void session_run();

#endif
