#include "pulse.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "board.h"
#include "device_time.h"
#include "events.h"

namespace {

// Edges between two turns of the main loop. More than that is a bouncing contact: they are counted, not reported.
const uint8_t QUEUE = 8;
Pulse queue[QUEUE];
volatile uint8_t queue_head;
volatile uint8_t queue_tail;

uint32_t counts[2];  // belt, sync: edges since boot
uint32_t sync_off_us;

// A plain function, inlined into both interrupts: a call would cost them all call-saved registers.
inline __attribute__((always_inline)) void edge(uint8_t kind, uint8_t level) {
  const uint32_t now = device_time_locked();
  const uint32_t count = ++counts[kind];
  const uint8_t at = queue_head;
  const uint8_t next = (at + 1) & (QUEUE - 1);
  if (next == queue_tail) return;
  queue[at].time_us = now;
  queue[at].count = count;
  queue[at].kind = kind;
  queue[at].level = level;
  queue_head = next;
  raise_event();
}

}  // namespace

ISR(BELT_vect) { edge(0, 1); }

ISR(SYNC_vect) { edge(1, SYNC_IN_HIGH() ? 1 : 0); }

// The compare register knows the lower 16 bits of a time only: it matches every 32.8 ms until the time has come.
ISR(TIMER1_COMPB_vect) {
  if (static_cast<int32_t>(device_time_locked() - sync_off_us) < 0) return;
  SYNC_OUT_PORT &= ~_BV(SYNC_OUT_BIT);
  TIMSK1 &= ~_BV(OCIE1B);
}

void pulse_begin() { board_begin_pins(); }

void pulse_forget() {
  cli();
  queue_tail = queue_head;
  sei();
}

bool pulse_next(Pulse &pulse) {
  if (queue_tail == queue_head) return false;
  in_order();
  pulse = queue[queue_tail];
  return true;
}

void pulse_done() {
  in_order();
  queue_tail = (queue_tail + 1) & (QUEUE - 1);
}

void sync_out(uint16_t milliseconds) {
  cli();  // PORTH lies outside the reach of sbi, and the interrupt above changes it too
  sync_off_us = device_time_locked() + 1000UL * milliseconds;
  SYNC_OUT_PORT |= _BV(SYNC_OUT_BIT);
  OCR1B = compare_at(sync_off_us);
  TIMSK1 |= _BV(OCIE1B);
  sei();
}
