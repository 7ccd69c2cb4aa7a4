#include "pulse.h"

#include <avr/interrupt.h>
#include <avr/io.h>

#include "board.h"
#include "device_time.h"
#include "events.h"

namespace {

// An edge as the interrupt saw it. Everything that can wait, above all 32-bit arithmetic, is done when it is read: at
// 2000 scans a second an interrupt of 250 cycles would cost a scan.
struct Edge {
  uint16_t ticks;
  uint16_t count;
  uint8_t overflows;  // of the timer, the lowest byte
  uint8_t flags;      // TIFR1: an overflow may stand uncounted
  uint8_t kind;
  uint8_t level;
};

// Edges between two turns of the main loop. More than that is a bouncing contact: they are counted, not reported.
const uint8_t QUEUE = 8;
Edge queue[QUEUE];
volatile uint8_t queue_head;
volatile uint8_t queue_tail;

uint16_t counts[2];    // belt, sync: edges since boot, the lower half
uint32_t reported[2];  // count of the last edge taken from the queue
uint32_t sync_off_us;

// Inlined into both interrupts: a call would make them save all registers.
inline __attribute__((always_inline)) void edge(uint8_t kind, uint8_t level) {
  const uint16_t ticks = TCNT1;
  const uint8_t flags = TIFR1;
  const uint16_t count = counts[kind] + 1;
  counts[kind] = count;
  const uint8_t at = queue_head;
  const uint8_t next = (at + 1) & (QUEUE - 1);
  if (next == queue_tail) return;
  Edge *const e = &queue[at];
  e->ticks = ticks;
  e->count = count;
  e->overflows = static_cast<uint8_t>(timer_overflows);
  e->flags = flags;
  e->kind = kind;
  e->level = level;
  queue_head = next;
  raise_event();
}

// The count of an edge, from its lower half and the one before it.
uint32_t whole_count(const Edge &e) {
  return reported[e.kind] + static_cast<uint16_t>(e.count - static_cast<uint16_t>(reported[e.kind]));
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

bool pulse_next(Pulse &pulse) {
  if (queue_tail == queue_head) return false;
  in_order();
  const Edge &e = queue[queue_tail];
  cli();
  uint32_t overflows = timer_overflows;
  sei();
  overflows -= static_cast<uint8_t>(static_cast<uint8_t>(overflows) - e.overflows);
  if ((e.flags & _BV(TOV1)) && e.ticks < 0x8000) ++overflows;
  pulse.time_us = (overflows << 15) + (e.ticks >> 1);
  pulse.count = whole_count(e);
  pulse.kind = e.kind;
  pulse.level = e.level;
  return true;
}

void pulse_done() {
  const Edge &e = queue[queue_tail];
  reported[e.kind] = whole_count(e);
  in_order();
  queue_tail = (queue_tail + 1) & (QUEUE - 1);
}

void pulse_forget() {
  while (queue_tail != queue_head) pulse_done();
}

void sync_out(uint16_t milliseconds) {
  cli();  // PORTH lies outside the reach of sbi, and the interrupt above changes it too
  sync_off_us = device_time_locked() + 1000UL * milliseconds;
  SYNC_OUT_PORT |= _BV(SYNC_OUT_BIT);
  OCR1B = compare_at(sync_off_us);
  TIMSK1 |= _BV(OCIE1B);
  sei();
}
