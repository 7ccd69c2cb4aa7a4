// The serial line: USART 0, its own rings, its own interrupts.

#ifndef INSOLE_LINE_H
#define INSOLE_LINE_H

#include <stdint.h>

#include "frame.h"

extern SendRing send_ring;

void line_begin();

// Sends what is in the ring. To be called after something was put into it.
void line_send();

// The next byte that came in, false if there is none.
bool line_receive(uint8_t &byte);

#endif
