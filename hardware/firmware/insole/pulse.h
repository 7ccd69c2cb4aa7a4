// Belt pulses and the sync wire: edges in, with the board's time, and a level out.

#ifndef INSOLE_PULSE_H
#define INSOLE_PULSE_H

#include <stdint.h>

#include "frame.h"

void pulse_begin();

// The oldest edge that waits, false if there is none. It goes on waiting until pulse_done().
bool pulse_next(Pulse &pulse);
void pulse_done();

// Throws away the edges that wait. They stay counted.
void pulse_forget();

// Sync output high now, low after this many ms.
void sync_out(uint16_t milliseconds);

#endif
