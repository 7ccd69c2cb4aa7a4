// "There is something to do": raised by interrupts, cleared by the main loop before it looks. Bit 0 of GPIOR0 does
// not need a register to be set or tested, which counts where an interrupt comes every few hundred cycles. For the same
// reason all is inlined: a call makes an interrupt save twelve registers more.

#ifndef INSOLE_EVENTS_H
#define INSOLE_EVENTS_H

#include <avr/io.h>

inline __attribute__((always_inline)) void raise_event() { GPIOR0 |= _BV(0); }
inline __attribute__((always_inline)) void clear_event() { GPIOR0 &= ~_BV(0); }
inline __attribute__((always_inline)) bool event_raised() { return GPIOR0 & _BV(0); }

#endif
