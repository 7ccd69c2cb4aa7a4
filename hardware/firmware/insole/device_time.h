// The board's clock: Timer 1 counts half microseconds without end, its overflows extend it to 32-bit microseconds.
// Nothing ever resets or reprograms it, so it cannot drift against the crystal.

#ifndef INSOLE_DEVICE_TIME_H
#define INSOLE_DEVICE_TIME_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

extern volatile uint32_t timer_overflows;

void device_time_begin();

// Only with interrupts off. An overflow may stand uncounted: then the count has just begun anew.
inline __attribute__((always_inline)) uint32_t device_time_locked() {
  const uint16_t ticks = TCNT1;
  uint32_t overflows = timer_overflows;
  if ((TIFR1 & _BV(TOV1)) && ticks < 0x8000) ++overflows;
  return (overflows << 15) + (ticks >> 1);
}

inline uint32_t device_time() {
  const uint8_t before = SREG;
  cli();
  const uint32_t now = device_time_locked();
  SREG = before;
  return now;
}

// Value of a compare register whose match happens at this time: the flag rises one tick after the counts are equal
// (ds 2560 section 17.8).
inline __attribute__((always_inline)) uint16_t compare_at(uint32_t time_us) {
  return static_cast<uint16_t>(static_cast<uint16_t>(time_us) * 2 - 1);
}

#endif
